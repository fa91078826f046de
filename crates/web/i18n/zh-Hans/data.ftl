data-masked = 已保存，不显示。在您要求之前一直密封。
data-show = 显示号码
data-hide = 隐藏号码
data-email-waiting = { $email }（另一个邮箱尚待确认）
data-passkeys-removed = 已移除的通行密钥
data-history-oldest = 最早一条
data-approvals-standing = 您批准的服务
data-approvals-ended = 您已撤回批准的服务
data-corrections = 请求
data-letters = 待发出的邮件
data-entries = 关于您的条目
data-level = 您的账户级别
data-guardian-of = 您同意开立的未成年人账户
data-guardian = 您的监护人
data-guardian-one = 一位成年人同意了您的账户
data-signatures = 您签署过的文件
data-signing-keys = 经密封的签名密钥
data-certificates-good = 有效的证书
data-certificates-all = 以您名义签发的全部证书
data-readings = 工作人员读取您信息的次数
data-notice-none = 没有：这位虚构人物是预先登记的
data-wrong-title = 有信息不正确？
data-wrong = 告诉我们哪一项不正确，以及应该是什么。电子邮箱您可以自行更改。

flow-title = 一图看清
flow-shown = 您出示了
flow-shown-what = { $count ->
    [0] 没有照片
   *[other] { $count } 张身份证及面部照片
}
flow-gone = 核实之后已销毁
flow-gone-what = { $count ->
    [0] 没有需要销毁的照片
   *[other] { $count } 张照片
}
flow-kept = 以您专有的密钥密封保存
flow-kept-what = { $count ->
   *[other] 关于您的 { $count } 项信息
}
flow-sent = 他人获得
flow-sent-what = { $count ->
    [0] 没有人获得任何信息
   *[other] { $count } 项服务，只限您批准的信息
}
spans-title = 每项信息保存多久
spans-pictures = 身份证及面部照片
spans-pictures-until = 核实之后立即销毁
until-account = 直到您注销账户
until-history = { $count } 年，然后删除
until-removed = 直到您移除它或注销账户；曾有此密钥的记录，多保存 { $count } 年
until-approval = 直到您撤回它或注销账户；曾作批准的记录，多保存 { $count } 年
until-correction = 直到作出决定，再多保存 { $count } 年以作证明；或直到您注销账户
until-sent = 直到发出；无论如何 { $count } 天之后删除
until-ledger = 永久：任何人都不能取走条目，包括您和我们
until-certificate = 直到它终止，再多保存 { $count } 年，让旧签名仍可核对；您注销账户时，即不再留下属于谁
until-staff = 直到工单结束，再多保存 { $count } 年，供审计查看

hold-why = 为何
hold-basis = 依据
hold-until = 保存至
hold-card-title = 身份证上的信息
hold-card-why = 确定您是本人，确保一张身份证只有一个账户，并在您批准时提供给服务。没有其他用途。
hold-card-basis = 您在通知中同意；条例规定我们只可用于该目的（第 486 章，保障资料第 1 及第 3 原则）。
hold-contact-title = 电子邮箱
hold-contact-why = 当账户有变动时写信给您；在您批准时提供给服务。
hold-contact-basis = 您在通知中同意（第 486 章，第 1 及第 3 原则）。
hold-passkeys-title = 通行密钥
hold-passkeys-why = 让您、且只让您进入账户。我们保存每个密钥的公开部分，以及您给它的名称。
hold-passkeys-basis = 防止他人进入所必需（第 486 章，第 4 原则）。
hold-sign-ins-title = 登录
hold-sign-ins-why = 让您看到账户曾在哪里使用，并结束不属于您的登录。网络地址和浏览器名称经密封，只供您查看。
hold-sign-ins-basis = 防止他人进入所必需（第 486 章，第 4 原则）。
hold-approvals-title = 给予服务的批准
hold-approvals-why = 只向服务提供您批准的信息，并能证明您曾批准。每项服务只以它专有的随机编号认识您。
hold-approvals-basis = 您对每项服务的批准（第 486 章，第 3 原则）。
hold-codes-title = 恢复码
hold-codes-why = 当您丢失所有设备时让您重新进入。我们只保存每个恢复码的指纹，不保存恢复码本身。
hold-codes-basis = 防止他人进入所必需（第 486 章，第 4 原则）。
hold-notice-title = 您同意的通知
hold-notice-why = 逐字证明您在同意之前被告知了什么。
hold-notice-basis = 我们收集之前必须先告知您（第 486 章，第 1(3) 原则）。
hold-corrections-title = 更正请求
hold-corrections-why = 答复您，并证明我们按期答复。您所写的内容经密封。
hold-corrections-basis = 我们必须处理这类请求（第 486 章，第 22 至 25 条）。
hold-letters-title = 待发的邮件
hold-letters-why = 发给您应得的消息：验证码和账户消息。没有任何广告。
hold-letters-basis = 您在通知中同意（第 486 章，第 1 及第 3 原则）。
hold-ledger-title = 记录册中关于您的条目
hold-ledger-why = 让您看到并能证明，谁打开过您的信息、有何变更。条目只有编号和我们的用语，没有您的任何信息。
hold-ledger-basis = 监察每次查阅所必需（第 486 章，第 4 原则），并公开交代（第 5 原则）。
hold-level-title = 账户可用于什么
hold-level-why = 知道您可否签署及使用需要 Plus 的服务，以及谁同意了未成年人的账户。您姓氏的加密代码让我们察觉工作人员查阅自己的亲属。
hold-level-basis = 您的要求；该代码是监察工作人员所必需（第 486 章，第 1、第 3 及第 4 原则）。
hold-signatures-title = 您签署过的文件
hold-signatures-why = 让您签署，并能证明您签过什么。只有您已解锁的设备才能使用您的密钥。文件本身在服务取得后即删除，最迟两天。
hold-signatures-basis = 您的要求（第 486 章，第 1 及第 3 原则）。
hold-certificates-title = 以您名义签发的证书
hold-certificates-why = 让他人核对您的签名，多年后亦然；并让您停用证书。
hold-certificates-basis = 您的要求；证书如何终止必须可知（第 553 章）。
hold-staff-title = 工作人员的工单
hold-staff-why = 工作人员必须持有另一名人员批准的工单，才可读取关于您的信息。工单只以编号指明您的账户，不含任何信息。法定暂缓披露可延迟您看到的内容；页面会说明数量。
hold-staff-basis = 监察每次查阅所必需（第 486 章，第 4 原则）。

received-title = 谁获得了您的信息
received-lead = 只有您批准的服务才能获得信息。每一次都写在记录册。
received-none = 没有任何服务获得过关于您的信息。
received-times = { $count ->
   *[other] 共 { $count } 次。
}
received-when = 首次在 { $first }，最近在 { $last }。
destroyed-title = 已销毁的信息
destroyed-lead = 您的身份证及面部照片，连同您浏览器用来密封的密钥；该密钥只存在于核实程序之中。每张收据任何人都可以查证。
destroyed-none = 没有拍摄照片：这位虚构人物是预先登记的。
destroyed-pictures = { $count ->
    [0] 没有收到照片
   *[other] 已销毁 { $count } 张照片
}
destroyed-after = 判定之后 { $time }
keys-gone-title = 已更换的密钥
keys-gone-lead = 原先由这些密钥封存的数据已重新封存，其后密钥即予销毁；较旧的副本不能再打开。账本以所示编号记载每一次更换。
key-of-account = 账户用的密钥
key-of-audit = 账本记项用的密钥
key-of-consent = 授权用的密钥
key-of-contact = 地址用的密钥
key-of-profile = 身份证数据用的密钥
key-of-registration = 登记用的密钥
key-of-session = 登录用的密钥
key-of-realm = 以上各项之上的密钥
key-of-own = 你自己的密钥

export-title = 取走一份副本
export-lead = 一个文件，载有本页全部内容及更多：每个编号、时间、批准和条目，供程序读取。文件不含密码或密钥。得到文件的人都可以读取，请妥善保管。我们会先用通行密钥确认，并写信告诉您文件已制成。
export-continue = 保存副本
export-made = 文件正在下载。

agreed-title = 您同意的通知
agreed-lead = 您在 { $day } 同意了版本 { $version }，内容如下：
agreed-digest = 此内容的 SHA-256，与您的账户一同保存：

consents-title = 您批准的服务
consents-hint = 并可撤回
consents-lead = 这些服务可以让您登录，并可以获得您批准的信息。
consents-none = 您尚未批准任何服务。当您在某项服务登录，就会在此列出。
consents-fields = 它可获得
consents-nothing = 没有个人信息，只知您登录
consents-last = 上次批准
consents-times = { $count ->
   *[other] 共 { $count } 次
}
consents-end = 撤回“{ $service }”
consents-tip-now = 撤回立即生效：该服务用来向我们查询的凭据会失效。
consents-tip-again = 下次在该服务登录时，会再次询问您。
consents-tip-has = 它以前获得的信息仍在它手上。请要求它删除。
consents-ended-title = 已撤回
consents-ended = 在 { $moment }

corrections-title = 请求更正
corrections-lead = 告诉我们哪一项信息不正确，以及应该是什么。
corrections-tip-days = 请求须在 40 天内得到答复（第 486 章第 23 条）。目前由工作人员在登记柜台与您一同查看：请带上证明文件，在柜台出示本页。
corrections-tip-told = 如果我们不同意，会告诉您原因，并将您的陈述与该项信息一同保存（第 25 条）。
corrections-tip-self = 电子邮箱您可以自行更改，立即处理：
corrections-yours = 您的请求
corrections-new = 新的请求
correction-field = 哪一项不正确？
correction-choose = 请选择
correction-should = 应该是什么？
correction-should-hint = 按您的身份证或其他文件所载。
correction-why = 有何证明？（可以不填）
correction-why-hint = 例如：“我 3 月 3 日的新身份证”。请不要在此提供照片。
correction-received = 收到日期
correction-sealed = 您所写的内容以您专有的密钥密封。在作出决定之前，您可以撤回请求。
correction-continue = 发送请求
correction-withdraw = 撤回关于“{ $field }”的请求
correction-due = 答复期限：{ $day }。
correction-late = 40 天已过，仍未答复。您可以向个人资料私隐专员投诉；本页列明有关日期。
correction-state-received = 已收到
correction-state-decided = 已决定
correction-state-closed = 已结束
correction-state-withdrawn = 已撤回
correction-outcome-corrected = 该项信息已更正。
correction-outcome-refused = 该项信息没有更改。我们已告诉您原因，并保存您的陈述。
correction-standing-decided = 已作出决定。我们会通知您。
correction-standing-closed = 已结束。
correction-standing-withdrawn = 您已撤回。信息没有改变。

contact-title = 更改电子邮箱
contact-lead = 当账户有变动时，我们会写信给您；除此之外不会发信。
contact-now = 现在的邮箱
contact-label = 新邮箱
contact-old = 在您输入我们发到新邮箱的验证码之前，一切不变。之后我们也会通知旧邮箱。
contact-continue = 发验证码给我
contact-confirm-title = 输入验证码
contact-until-then = 在此之前，我们仍会写信到 { $email }。
contact-confirm-continue = 更改邮箱
