refusal-no-ticket = 您的工单不包括这项信息。没有打开任何信息。
refusal-ticket-over = 工单的时间已过。请开立新的工单。
refusal-staff-policy-not-loaded = 无法读取这个版本的职员权限政策。修复之前，任何人都不能在此工作。
refusal-staff-not-permitted = 您的职务在此地此时不可以这样做。
refusal-staff-own-proposal = 这是您自己提出的，必须由另一人批准。
refusal-staff-same-unit = 您属于提出这项建议的单位，必须由另一单位的人批准。
