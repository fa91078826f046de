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
closed-paper = On this sheet stands one signature of the log, which is enough to check the receipt. The saved file has the others, too.
authenticators-alarm = On { $moment } this passkey counted backwards. It may have been copied. If you did not restore a backup, remove it and make a new one.
close-passkeys = Passkeys that stop working
close-approvals = Services that lose you
data-since = Account since
data-notice = Notice you agreed to
data-notice-value = Version { $version }, read in: { $language }
data-codes = Recovery codes left
data-sessions = Places you are signed in
data-history = Entries of your sign-in history
device-unknown = Unknown device
history-comma = ,{" "}
history-passkey = passkey “{ $name }”
history-address = from { $address }
history-event-signed-in = Signed in on { $device }
history-event-stepped-up = You confirmed it is you, on { $device }
history-event-refused = A sign-in with your passkey was refused, on { $device }
history-event-counter-alarm = A passkey counted backwards and may have been copied, on { $device }
history-event-authenticator-added = A passkey was added, on { $device }
history-event-authenticator-removed = A passkey was removed, on { $device }
history-opened-self = You looked at: { $fields }
history-opened-preview = You were shown, before you decided: { $fields }
history-opened-platform = We used this to write to you: { $fields }
history-opened-service = { $service } read what you released to it: { $fields }
history-kind-account-opened = Your account was opened
history-kind-account-rehearsed = This synthetic person was registered beforehand
history-kind-authenticator-renamed = A passkey got another name
history-kind-consent-granted = You approved { $service }
history-kind-consent-declined = You declined { $service }
history-kind-contact-confirmed = Your e-mail address was confirmed
history-kind-custody-closed = The pictures of your card and face were destroyed
history-kind-custody-opened = Taking pictures of your card and face began
history-kind-session-ended = A session was ended
history-kind-session-all-ended = All other sessions were ended
history-kind-other = Entry of type { $kind }
closed-save = Save the receipt
history-kind-consent-ended = You took back what you had approved for { $service }
history-kind-contact-changed = Your e-mail address was changed
history-kind-correction-received = You asked for a correction
history-kind-correction-withdrawn = You took back a request for correction
history-kind-data-exported = A file of your data was made
history-kind-recovery-codes-made = A list of recovery codes was made
history-kind-recovery-code-used = A recovery code was used
history-kind-rollback-refused = An older copy of your record was refused; nothing was opened
