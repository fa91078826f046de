# The account.
account-title = Your account
account-lead = Signed in as { $name }
account-back = Your account
account-passkeys = { $count ->
    [one] one passkey
   *[other] { $count } passkeys
}
account-sessions = { $count ->
    [one] signed in on one device
   *[other] signed in { $count } times
}
account-history-hint = who signed in, and who read your data
account-data-hint = everything we keep about you
account-close-hint = and make it unreadable
account-recent = Lately
account-codes-left = { $count ->
    [one] One recovery code is left.
   *[other] { $count } recovery codes are left.
}
authenticators-title = Passkeys
authenticators-lead = Each of these opens your account. Remove one you no longer have.
authenticators-last = This is your only passkey. Add a second one on another device, so that losing one does not lock you out.
authenticators-synced = May be on several of your devices
authenticators-bound = On one device only
authenticators-made = made { $day }
authenticators-used = last used { $moment }
authenticators-current = this session
authenticators-change = Rename or remove
authenticators-name = Name
authenticators-rename = Save the name
authenticators-remove = Remove “{ $name }”
authenticators-add = Add a passkey
sessions-title = Where you are signed in
sessions-lead = End a session you do not recognise, then look at your passkeys.
sessions-current = this one
sessions-line = Since { $began }, last used { $used }
sessions-end = End the session on { $device }
sessions-end-all = End all other sessions
history-title = Who read your data
history-lead = Sign-ins, changes, and every time your data was opened: by whom and for what. Nobody can remove an entry unnoticed.
history-empty = Nothing yet. When you sign in, or somebody opens your data, it stands here.
history-proof = Proof
history-leaf = Entry in the log
history-hash = Its hash
history-older = Older entries
data-title = Your data
data-lead = This is everything we keep about you. Showing it to you has just been written in your history, too.
data-not-kept = We keep no picture of your card or face, and no measurement of your face.
close-title = Close your account
close-lead = When you close your account:
close-key = the key that seals your data is destroyed; nobody, we included, can read it again
close-services = services keep what you gave them before; ask them to delete it
close-final = your passkeys stop working here at once, and there is no way back
close-again = you can register again with your card
close-confirm = I want to close my account and make my data unreadable.
close-confirm-missing = Tick the box if you want to close your account. Nothing has changed.
close-continue = Close my account
closed-title = Your account is closed
closed-lead = The key to your data was destroyed on { $at }.
closed-keep = Keep this receipt. It is signed, and anybody can check it.
