refusal-no-ticket = 你的工單不包括這項資料。沒有開啟任何資料。
refusal-ticket-over = 工單的時間已過。請開立新的工單。
refusal-staff-policy-not-loaded = 無法讀取這個版本的職員權限政策。修復之前，任何人都不能在此工作。
refusal-staff-not-permitted = 你的職務在此地此時不可以這樣做。
refusal-staff-own-proposal = 這是你自己提出的，必須由另一人批准。
refusal-staff-same-unit = 你屬於提出這項建議的單位，必須由另一單位的人批准。
