refusal-challenge-expired = 時間過長，這次通行密鑰的查詢已結束。一切沒有改變。請重新載入頁面，再做一次。
refusal-challenge-unknown = 這次通行密鑰的查詢已經回答，或屬於另一頁面。一切沒有改變。請重新載入頁面，再做一次。
refusal-essential-field-missing = 你略去了服務機構必須取得的一項。請剔選，或選擇不提供。
refusal-no-consent = 你沒有批准提供這項資料，或已收回批准。沒有提供任何資料。
refusal-not-for-this-purpose = 這項資料不可為此目的開啟。沒有開啟任何資料。
refusal-not-yours = 這屬於另一個帳戶。沒有開啟任何資料。
refusal-passkey-malformed = 未能讀取裝置的回覆。一切沒有改變。請再試，或使用另一部裝置。
refusal-passkey-not-accepted = 未能接受這個通行密鑰。一切沒有改變。請再試，或使用你的另一個通行密鑰。
refusal-passkey-taken = 這個通行密鑰已經登記。請使用另一部裝置，或用它登入。
refusal-request-gone = 服務機構的這次要求已結束或已回覆。沒有提供任何資料。請返回服務網站重新開始。
refusal-request-malformed = 服務送來的請求無法讀取，或同一項目出現兩次。沒有任何資料被提供。請通知該服務。
refusal-shown-again = 你回覆的頁面其後已再次顯示。請回覆最新的一頁；沒有提供任何資料。
refusal-shown-changed = 頁面所顯示的內容其後已改變。沒有提供任何資料。請重新閱讀再決定。
refusal-sign-in-first = 請先登入，然後繼續。一切沒有改變。
refusal-unknown-service = 這裏沒有登記這個名稱的服務。我們不會把你轉往該處。如你由其網頁前來，請通知該服務機構。
refusal-unregistered-redirect = 服務機構要求把你轉往它沒有登記的網址。為保障你的安全，我們不會這樣做。請通知該服務機構。
refusal-user-not-verified = 裝置沒有要求你的指紋、面容或 PIN。請開啟螢幕鎖，然後再試。

# 登記
refusal-codes-not-kept = 請先保存復原碼，然後剔選方格。復原碼不會再次顯示。
refusal-custody-over = 核對照片的程式已經結束，照片已銷毀。請重新拍攝面容照片。
refusal-email-code-over = 此驗證碼已失效。請索取新的驗證碼。
refusal-email-code-wrong = 這不是我們發出的六位數字。請查看最新的電郵，再次輸入。
refusal-email-not-usable = 我們無法寄送電郵到此地址。請以 name@example.hk 的形式填寫，只用英文字母、數字和符號，不含空格。
refusal-email-too-often = 剛剛已發出驗證碼，或發出次數過多。請稍候，然後使用最新的驗證碼或再次索取。
refusal-not-agreed = 如你同意，請剔選方格。不同意便不能登記；我們沒有保留任何資料。
refusal-notice-changed = 你開啟此頁後，須知已經更改。請重新閱讀；我們沒有保留任何資料。
refusal-picture-too-large = 這張照片太大。請使用不超過 8 MB 的照片；其他照片沒有遺失。
refusal-picture-unknown = 這張照片不屬於此處。請在登記頁拍攝照片。
refusal-presence-challenge-over = 要求的動作已經過時。請重做面容步驟；你的身份證照片仍在此頁。
refusal-proofing-busy = 現時有很多人正在登記。請等候數秒；你的照片仍在此頁，將會再次傳送。
refusal-proofing-unavailable = 目前未能在此核對照片。請稍後再試，或親臨櫃檯；我們沒有保留任何資料。
refusal-registration-over = 這次登記已經結束。我們沒有保留任何資料；請重新開始。
refusal-registration-step = 此步驟已經完成，或尚未輪到。請由所顯示的頁面繼續；沒有資料遺失。
refusal-seal-broken = 這張照片並非為這次核對而密封，或在傳送途中損壞，因此未被接受。請在登記頁再次傳送。

# 帳戶與登入
refusal-confirm-missing = 如要結束帳戶，請剔選方格。一切沒有改變。
refusal-last-authenticator = 這是你唯一的通行密鑰。請先加設另一個；一個也沒有便不能登入。一切沒有改變。
refusal-name-not-usable = 請輸入 1 至 60 個字元的名稱，不可含控制字元。原有名稱維持不變。
refusal-not-in-account = 你的帳戶內已沒有這一項。請再看一次清單。
refusal-too-many-authenticators = 你的帳戶已達通行密鑰數目上限。請移除不再使用的一個，然後再試。
refusal-session-over = 你已登出，因為時間已久或登入已被結束。沒有遺失任何資料，請重新登入。
refusal-step-up-needed = 這一步需要確認是你本人。請再用一次通行密鑰，然後再試。
refusal-too-many-tries = 你所在的網絡有多次登入失敗。你的帳戶沒有被鎖。請等幾分鐘，或使用另一個網絡。

refusal-correction-field = 請選擇不正確的一項。沒有送出任何內容。
refusal-correction-should = 請說明應該是甚麼，最多 120 個字元。沒有送出任何內容。
refusal-correction-waiting = 你已就此項提出要求。請先收回該要求，或等候答覆。
refusal-correction-why = 內容太長，或含有看不見的字元。最多 1000 個字元；沒有送出任何內容。
refusal-email-same = 這正是我們現有的地址。一切沒有改變。
