account-title = 您的账户
account-lead = 已登录：{ $name }
account-back = 您的账户
account-passkeys = { $count ->
   *[other] { $count } 个通行密钥
}
account-sessions = { $count ->
   *[other] 已在 { $count } 处登录
}
account-history-hint = 谁曾登录，谁读取过您的信息
account-data-hint = 我们保存的一切
account-close-hint = 并使信息不能再读取
account-recent = 最近
account-codes-left = { $count ->
   *[other] 还有 { $count } 个恢复码。
}
authenticators-title = 通行密钥
authenticators-lead = 以下每一个都可以打开您的账户。已不在您手上的，请移除。
authenticators-last = 这是您唯一的通行密钥。请在另一台设备上再添加一个，以免丢失后无法进入。
authenticators-synced = 可能存于您的多台设备
authenticators-bound = 只存于一台设备
authenticators-made = 创建于 { $day }
authenticators-used = 上次使用 { $moment }
authenticators-current = 本次登录
authenticators-change = 重命名或移除
authenticators-name = 名称
authenticators-rename = 保存名称
authenticators-remove = 移除“{ $name }”
authenticators-add = 添加通行密钥
sessions-title = 您在哪里登录
sessions-lead = 如有不认识的登录，请结束它，然后查看通行密钥。
sessions-current = 本次
sessions-line = 从 { $began } 开始，上次使用 { $used }
sessions-end = 结束在 { $device } 的登录
sessions-end-all = 结束所有其他登录
history-title = 谁读取过您的信息
history-lead = 登录、变更，以及每次打开您的信息：由谁、为何。没有人能暗中删去任何一项。
history-empty = 暂时没有记录。当您登录或有人打开您的信息，就会在此列出。
history-proof = 证明
history-leaf = 记录中的条目
history-hash = 哈希值
history-older = 更早的记录
data-title = 您的信息
data-lead = 这是我们保存的全部信息。刚才向您展示这一页，也已写入您的记录。
data-not-kept = 我们不保存身份证或面容的照片，也不保存面容的任何测量数据。
close-title = 注销账户
close-lead = 当您注销账户：
close-key = 加封信息的密钥会被销毁，包括我们在内，任何人都不能再读取
close-services = 服务机构会保留您以前提供的信息；请向它们要求删除
close-final = 您的通行密钥在此立即失效，不能还原
close-again = 您可以再用身份证注册
close-confirm = 我要注销账户，并使信息不能再读取。
close-confirm-missing = 如要注销账户，请勾选方框。一切没有改变。
close-continue = 注销我的账户
closed-title = 账户已注销
closed-lead = 您信息的密钥已于 { $at } 销毁。
closed-keep = 请保存这张收据。它带有签名，任何人都可以查证。
