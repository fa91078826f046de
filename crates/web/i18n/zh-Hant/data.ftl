data-masked = 已保存，不顯示。在你要求之前一直密封。
data-show = 顯示號碼
data-hide = 隱藏號碼
data-email-waiting = { $email }（另一個地址尚待確認）
data-passkeys-removed = 已移除的通行密鑰
data-history-oldest = 最早一項
data-approvals-standing = 你批准的服務
data-approvals-ended = 你已收回批准的服務
data-corrections = 要求
data-letters = 待寄出的電郵
data-entries = 關於你的條目
data-level = 你的帳戶級別
data-guardian-of = 你同意開立的未成年人帳戶
data-guardian = 你的監護人
data-guardian-one = 一位成年人同意了你的帳戶
data-signatures = 你簽署過的文件
data-signing-keys = 經密封的簽署密鑰
data-certificates-good = 有效的證書
data-certificates-all = 以你名義發出的全部證書
data-readings = 職員讀取你資料的次數
data-notice-none = 沒有：這位虛構人物是預先登記的
data-wrong-title = 有資料不正確？
data-wrong = 告訴我們哪一項不正確，以及應該是甚麼。電郵地址你可以自行更改。

flow-title = 一圖看清
flow-shown = 你出示了
flow-shown-what = { $count ->
    [0] 沒有照片
   *[other] { $count } 張身份證及面容照片
}
flow-gone = 核實後已銷毀
flow-gone-what = { $count ->
    [0] 沒有需要銷毀的照片
   *[other] { $count } 張照片
}
flow-kept = 以你專有的密鑰密封保存
flow-kept-what = { $count ->
   *[other] 關於你的 { $count } 項資料
}
flow-sent = 他人取得
flow-sent-what = { $count ->
    [0] 沒有人取得任何資料
   *[other] { $count } 項服務，只限你批准的資料
}
spans-title = 每項資料保存多久
spans-pictures = 身份證及面容照片
spans-pictures-until = 核實後即時銷毀
until-account = 直至你結束帳戶
until-history = { $count } 年，然後刪除
until-removed = 直至你移除它或結束帳戶；曾有此密鑰的紀錄，多保存 { $count } 年
until-approval = 直至你收回它或結束帳戶；曾作批准的紀錄，多保存 { $count } 年
until-correction = 直至作出決定，之後多保存 { $count } 年以作證明；或直至你結束帳戶
until-sent = 直至寄出；無論如何 { $count } 日後刪除
until-ledger = 永久：任何人都不能取走條目，包括你和我們
until-certificate = 直至它終結，之後多保存 { $count } 年，讓舊簽署仍可核對；你結束帳戶時，即不再留下屬於誰
until-staff = 直至工單終結，之後多保存 { $count } 年，供審計查看

hold-why = 為何
hold-basis = 根據
hold-until = 保存至
hold-card-title = 身份證上的資料
hold-card-why = 確認你是本人，確保一張身份證只有一個帳戶，並在你批准時提供給服務。別無其他用途。
hold-card-basis = 你在通知中同意；條例規定我們只可用於該目的（第 486 章，保障資料第 1 及第 3 原則）。
hold-contact-title = 電郵地址
hold-contact-why = 當帳戶有變動時寫信給你；在你批准時提供給服務。
hold-contact-basis = 你在通知中同意（第 486 章，第 1 及第 3 原則）。
hold-passkeys-title = 通行密鑰
hold-passkeys-why = 讓你、且只讓你進入帳戶。我們保存每個密鑰的公開部分，以及你給它的名稱。
hold-passkeys-basis = 防止他人進入所必需（第 486 章，第 4 原則）。
hold-sign-ins-title = 登入
hold-sign-ins-why = 讓你看到帳戶曾在何處使用，並結束不屬於你的登入。網絡地址和瀏覽器名稱經密封，只供你查看。
hold-sign-ins-basis = 防止他人進入所必需（第 486 章，第 4 原則）。
hold-approvals-title = 給予服務的批准
hold-approvals-why = 只向服務提供你批准的資料，並能證明你曾批准。每項服務只以它專有的隨機編號認識你。
hold-approvals-basis = 你對每項服務的批准（第 486 章，第 3 原則）。
hold-codes-title = 復原碼
hold-codes-why = 當你遺失所有裝置時讓你重新進入。我們只保存每個復原碼的指紋，不保存復原碼本身。
hold-codes-basis = 防止他人進入所必需（第 486 章，第 4 原則）。
hold-notice-title = 你同意的通知
hold-notice-why = 逐字證明你在同意之前獲告知了甚麼。
hold-notice-basis = 我們收集之前必須先告知你（第 486 章，第 1(3) 原則）。
hold-corrections-title = 更正要求
hold-corrections-why = 答覆你，並證明我們依時答覆。你所寫的內容經密封。
hold-corrections-basis = 我們必須處理這類要求（第 486 章，第 22 至 25 條）。
hold-letters-title = 待寄的電郵
hold-letters-why = 寄給你應得的訊息：驗證碼和帳戶消息。沒有任何廣告。
hold-letters-basis = 你在通知中同意（第 486 章，第 1 及第 3 原則）。
hold-ledger-title = 紀錄冊中關於你的條目
hold-ledger-why = 讓你看到並能證明，誰開啟過你的資料、有何變更。條目只有編號和我們的用語，沒有你的任何資料。
hold-ledger-basis = 監察每次查閱所必需（第 486 章，第 4 原則），並公開交代（第 5 原則）。
hold-level-title = 帳戶可用於甚麼
hold-level-why = 知道你可否簽署及使用需要 Plus 的服務，以及誰同意了未成年人的帳戶。你姓氏的加密代碼讓我們察覺職員查閱自己的親屬。
hold-level-basis = 你的要求；該代碼是監察職員所必需（第 486 章，第 1、第 3 及第 4 原則）。
hold-signatures-title = 你簽署過的文件
hold-signatures-why = 讓你簽署，並能證明你簽過甚麼。只有你已解鎖的裝置才能使用你的密鑰。文件本身在服務取得後即刪除，最遲兩日。
hold-signatures-basis = 你的要求（第 486 章，第 1 及第 3 原則）。
hold-certificates-title = 以你名義發出的證書
hold-certificates-why = 讓他人核對你的簽署，多年後亦然；並讓你停用證書。
hold-certificates-basis = 你的要求；證書如何終結必須可知（第 553 章）。
hold-staff-title = 職員的工單
hold-staff-why = 職員必須持有另一名人員批准的工單，才可讀取關於你的資料。工單只以編號指明你的帳戶，不含任何資料。法定暫緩披露可延遲你看到的內容；頁面會說明數量。
hold-staff-basis = 監察每次查閱所必需（第 486 章，第 4 原則）。

received-title = 誰取得了你的資料
received-lead = 只有你批准的服務才能取得資料。每一次都寫在紀錄冊。
received-none = 沒有任何服務取得過關於你的資料。
received-times = { $count ->
   *[other] 共 { $count } 次。
}
received-when = 首次在 { $first }，最近在 { $last }。
destroyed-title = 已銷毀的資料
destroyed-lead = 你的身份證及面容照片，連同你瀏覽器用作密封的密鑰；該密鑰只存在於核實程序之中。每張收據任何人都可以查證。
destroyed-none = 沒有拍攝照片：這位虛構人物是預先登記的。
destroyed-pictures = { $count ->
    [0] 沒有收到照片
   *[other] 已銷毀 { $count } 張照片
}
destroyed-after = 判定後 { $time }
keys-gone-title = 已更換的密鑰
keys-gone-lead = 原先由這些密鑰封存的資料已重新封存，其後密鑰即予銷毀；較舊的副本不能再開啟。帳本以所示編號記載每一次更換。
key-of-account = 帳戶用的密鑰
key-of-audit = 帳本記項用的密鑰
key-of-consent = 授權用的密鑰
key-of-contact = 地址用的密鑰
key-of-profile = 身份證資料用的密鑰
key-of-registration = 登記用的密鑰
key-of-session = 登入用的密鑰
key-of-realm = 以上各項之上的密鑰
key-of-own = 你自己的密鑰

export-title = 取走一份副本
export-lead = 一個檔案，載有本頁全部內容及更多：每個編號、時間、批准和條目，供程式讀取。檔案不含密碼或密鑰。取得檔案的人都可以讀取，請妥善保管。我們會先用通行密鑰確認，並寫信告訴你檔案已製成。
export-continue = 儲存副本
export-made = 檔案正在下載。

agreed-title = 你同意的通知
agreed-lead = 你在 { $day } 同意了版本 { $version }，內容如下：
agreed-digest = 此內容的 SHA-256，與你的帳戶一併保存：

consents-title = 你批准的服務
consents-hint = 並可收回
consents-lead = 這些服務可讓你登入，並可取得你批准的資料。
consents-none = 你尚未批准任何服務。當你在某項服務登入，便會在此列出。
consents-fields = 它可取得
consents-nothing = 沒有個人資料，只知你登入
consents-last = 上次批准
consents-times = { $count ->
   *[other] 共 { $count } 次
}
consents-end = 收回「{ $service }」
consents-tip-now = 收回即時生效：該服務用來向我們查詢的憑證會失效。
consents-tip-again = 下次在該服務登入時，會再次問你。
consents-tip-has = 它以前取得的資料仍在它手上。請要求它刪除。
consents-ended-title = 已收回
consents-ended = 在 { $moment }

corrections-title = 要求更正
corrections-lead = 告訴我們哪一項資料不正確，以及應該是甚麼。
corrections-tip-days = 要求須在 40 日內獲答覆（第 486 章第 23 條）。目前由職員在登記櫃位與你一同查看：請帶同證明文件，在櫃位出示本頁。
corrections-tip-told = 如我們不同意，會告訴你原因，並將你的陳述與該項資料一併保存（第 25 條）。
corrections-tip-self = 電郵地址你可以自行更改，即時處理：
corrections-yours = 你的要求
corrections-new = 新的要求
correction-field = 哪一項不正確？
correction-choose = 請選擇
correction-should = 應該是甚麼？
correction-should-hint = 按你的身份證或其他文件所載。
correction-why = 有何證明？（可不填）
correction-why-hint = 例如：「我 3 月 3 日的新身份證」。請不要在此提供照片。
correction-received = 收到日期
correction-sealed = 你所寫的內容以你專有的密鑰密封。在作出決定之前，你可以收回要求。
correction-continue = 送出要求
correction-withdraw = 收回關於「{ $field }」的要求
correction-due = 答覆期限：{ $day }。
correction-late = 40 日已過，仍未答覆。你可以向個人資料私隱專員投訴；本頁列明有關日期。
correction-state-received = 已收到
correction-state-decided = 已決定
correction-state-closed = 已完結
correction-state-withdrawn = 已收回
correction-outcome-corrected = 該項資料已更正。
correction-outcome-refused = 該項資料沒有更改。我們已告訴你原因，並保存你的陳述。
correction-standing-decided = 已作出決定。我們會通知你。
correction-standing-closed = 已完結。
correction-standing-withdrawn = 你已收回。資料沒有改變。

contact-title = 更改電郵地址
contact-lead = 當帳戶有變動時，我們會寫信給你；除此之外不會寄信。
contact-now = 現時地址
contact-label = 新地址
contact-old = 在你輸入我們寄到新地址的驗證碼之前，一切不變。之後我們亦會通知舊地址。
contact-continue = 寄驗證碼給我
contact-confirm-title = 輸入驗證碼
contact-until-then = 在此之前，我們仍會寫信到 { $email }。
contact-confirm-continue = 更改地址
