refusal-challenge-expired = 时间过长，这次通行密钥的查询已结束。一切没有改变。请重新加载页面，再做一次。
refusal-challenge-unknown = 这次通行密钥的查询已经回答，或属于另一页面。一切没有改变。请重新加载页面，再做一次。
refusal-essential-field-missing = 您略去了服务机构必须取得的一项。请勾选，或选择不提供。
refusal-no-consent = 您没有批准提供这项信息，或已收回批准。没有提供任何信息。
refusal-not-for-this-purpose = 这项信息不能为此目的打开。没有打开任何信息。
refusal-not-yours = 这属于另一个账户。没有打开任何信息。
refusal-passkey-malformed = 无法读取设备的回复。一切没有改变。请重试，或使用另一台设备。
refusal-passkey-not-accepted = 无法接受这个通行密钥。一切没有改变。请重试，或使用您的另一个通行密钥。
refusal-passkey-taken = 这个通行密钥已经登记。请使用另一台设备，或用它登录。
refusal-request-gone = 服务机构的这次请求已结束或已回复。没有提供任何信息。请返回服务网站重新开始。
refusal-request-malformed = 服务发来的请求无法读取，或同一项目出现两次。没有任何资料被提供。请通知该服务。
refusal-shown-again = 您回复的页面之后已再次显示。请回复最新的一页；没有提供任何信息。
refusal-shown-changed = 页面所显示的内容之后已改变。没有提供任何信息。请重新阅读再决定。
refusal-sign-in-first = 请先登录，然后继续。一切没有改变。
refusal-unknown-service = 这里没有登记这个名称的服务。我们不会把您转到那里。如果您从它的网页前来，请通知该服务机构。
refusal-unregistered-redirect = 服务机构要求把您转到它没有登记的网址。为了您的安全，我们不会这样做。请通知该服务机构。
refusal-user-not-verified = 设备没有要求您的指纹、面容或 PIN。请开启锁屏，然后重试。

# 登记
refusal-codes-not-kept = 请先保存恢复码，然后勾选方框。恢复码不会再次显示。
refusal-custody-over = 核对照片的程序已经结束，照片已销毁。请重新拍摄面部照片。
refusal-email-code-over = 此验证码已失效。请获取新的验证码。
refusal-email-code-wrong = 这不是我们发出的六位数字。请查看最新的邮件，再次输入。
refusal-email-not-usable = 我们无法向此地址发送邮件。请以 name@example.hk 的形式填写，只用英文字母、数字和符号，不含空格。
refusal-email-too-often = 刚刚已发出验证码，或发送次数过多。请稍候，然后使用最新的验证码或再次获取。
refusal-not-agreed = 如果您同意，请勾选方框。不同意便不能登记；我们没有保留任何资料。
refusal-notice-changed = 您打开此页后，须知已经更改。请重新阅读；我们没有保留任何资料。
refusal-picture-too-large = 这张照片太大。请使用不超过 8 MB 的照片；其他照片没有丢失。
refusal-picture-unknown = 这张照片不属于这里。请在登记页拍摄照片。
refusal-presence-challenge-over = 要求的动作已经过时。请重做面部步骤；您的身份证照片仍在此页。
refusal-proofing-busy = 现在有很多人正在登记。请等候几秒；您的照片仍在此页，将会再次发送。
refusal-proofing-unavailable = 目前无法在此核对照片。请稍后再试，或亲临柜台；我们没有保留任何资料。
refusal-registration-over = 这次登记已经结束。我们没有保留任何资料；请重新开始。
refusal-registration-step = 此步骤已经完成，或尚未轮到。请从所显示的页面继续；没有资料丢失。
refusal-seal-broken = 这张照片不是为这次核对而密封的，或在传输途中损坏，因此未被接受。请在登记页再次发送。

# 账户与登录
refusal-confirm-missing = 如要注销账户，请勾选方框。一切没有改变。
refusal-last-authenticator = 这是您唯一的通行密钥。请先添加另一个；一个也没有就不能登录。一切没有改变。
refusal-name-not-usable = 请输入 1 至 60 个字符的名称，不能含控制字符。原有名称保持不变。
refusal-not-in-account = 您的账户里已没有这一项。请再看一次列表。
refusal-too-many-authenticators = 您的账户已达通行密钥数量上限。请移除不再使用的一个，然后重试。
refusal-session-over = 您已退出登录，因为时间已久或登录已被结束。没有丢失任何资料，请重新登录。
refusal-step-up-needed = 这一步需要确认是您本人。请再用一次通行密钥，然后重试。
refusal-too-many-tries = 您所在的网络有多次登录失败。您的账户没有被锁定。请等几分钟，或使用另一个网络。

refusal-correction-field = 请选择不正确的一项。没有发送任何内容。
refusal-correction-should = 请说明应该是什么，最多 120 个字符。没有发送任何内容。
refusal-correction-waiting = 您已就此项提出请求。请先撤回该请求，或等候答复。
refusal-correction-why = 内容太长，或含有看不见的字符。最多 1000 个字符；没有发送任何内容。
refusal-email-same = 这正是我们现有的邮箱。一切没有改变。
