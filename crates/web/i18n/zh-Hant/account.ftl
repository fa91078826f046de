account-title = 你的帳戶
account-lead = 已登入：{ $name }
account-back = 你的帳戶
account-passkeys = { $count ->
   *[other] { $count } 個通行密鑰
}
account-sessions = { $count ->
   *[other] 已在 { $count } 處登入
}
account-history-hint = 誰曾登入，誰讀取過你的資料
account-data-hint = 我們保存的一切
account-close-hint = 並使資料不能再讀取
account-recent = 最近
account-codes-left = { $count ->
   *[other] 還有 { $count } 個復原碼。
}
authenticators-title = 通行密鑰
authenticators-lead = 以下每一個都可開啟你的帳戶。已不在你手上的，請移除。
authenticators-last = 這是你唯一的通行密鑰。請在另一部裝置加設一個，以免遺失後無法進入。
authenticators-synced = 可能存於你的多部裝置
authenticators-bound = 只存於一部裝置
authenticators-made = 建立於 { $day }
authenticators-used = 上次使用 { $moment }
authenticators-current = 本次登入
authenticators-change = 更改名稱或移除
authenticators-name = 名稱
authenticators-rename = 儲存名稱
authenticators-remove = 移除「{ $name }」
authenticators-add = 加設通行密鑰
sessions-title = 你在何處登入
sessions-lead = 如有不認識的登入，請結束它，然後查看通行密鑰。
sessions-current = 本次
sessions-line = 由 { $began } 開始，上次使用 { $used }
sessions-end = 結束在 { $device } 的登入
sessions-end-all = 結束所有其他登入
history-title = 誰讀取過你的資料
history-lead = 登入、變更，以及每次開啟你的資料：由誰、為何。沒有人能暗中刪去任何一項。
history-empty = 暫時沒有紀錄。當你登入或有人開啟你的資料，便會在此列出。
history-proof = 證明
history-leaf = 紀錄中的條目
history-hash = 雜湊值
history-older = 較早的紀錄
data-title = 你的資料
data-lead = 這是我們保存的全部資料。剛才向你展示這一頁，也已寫入你的紀錄。
data-not-kept = 我們不保存身份證或面容的照片，也不保存面容的任何量度。
close-title = 結束帳戶
close-lead = 當你結束帳戶：
close-key = 加封資料的密鑰會被銷毀，包括我們在內，任何人都不能再讀取
close-services = 服務機構會保留你以前提供的資料；請向它們要求刪除
close-final = 你的通行密鑰在此即時失效，不能還原
close-again = 你可以再用身份證登記
close-confirm = 我要結束帳戶，並使資料不能再讀取。
close-confirm-missing = 如要結束帳戶，請剔選方格。一切沒有改變。
close-continue = 結束我的帳戶
closed-title = 帳戶已結束
closed-lead = 你資料的密鑰已於 { $at } 銷毀。
closed-keep = 請保存這張收據。它已簽署，任何人都可以查證。
