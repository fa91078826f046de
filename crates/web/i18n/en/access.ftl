## Who read my data, with proof
account-access-hint = every entry of the log about you, and a file that proves that none is missing
access-title = Who read my data
access-lead = Everything the log has about you: who, when, which fields, and what for. It comes from the log itself; nobody can take an entry out, put one in or change one unnoticed.
access-empty = Nothing yet. When you sign in, or somebody opens your data, it stands here.
access-withheld = { $count ->
    [one] One entry is withheld for now.
   *[other] { $count } entries are withheld for now.
 }
access-withheld-why = Two officers of different roles signed a legal hold. It ends by itself; then you read here what the entry says.
access-withheld-who = Withheld for now
access-kept-no-more = Not kept any more
access-picture-label = Timeline of { $count } entries, { $staff } of them readings by staff. The list below says the same.
access-picture-hint = Squares are readings by staff, rings are entries withheld for now. The list below says the same.
access-caption = { $count ->
    [one] One entry about you in the log, newest first
   *[other] { $count } entries about you in the log, newest first
 }
access-lane-you = You
access-lane-platform = Platform
access-lane-services = Services
access-lane-staff = Staff
access-number = Number in your history
access-place = In the log
access-type = Type
access-proof = Proof
access-hour = In the hour from { $at }
access-in-log = Entry { $place } of the log
access-waits = Waits for its place, a second or two
access-you = You
access-the-platform = The platform itself
access-an-officer = An officer
access-role-of = { $role }, unit { $unit }
access-approved-by = { $one }; approved by { $second }
access-read = Read: { $fields }
access-purpose-account-management = to show you your own account
access-purpose-access-request = to answer a request for access
access-purpose-break-glass = in an emergency, by two officers
access-purpose-consent-preview = to show you what a service asks for
access-purpose-correction = to decide a correction
access-purpose-counter-service = at a registration counter
access-purpose-help-desk = to help you at the help desk
access-purpose-investigation = in an investigation
access-purpose-key-rotation = to change keys
access-purpose-notification = to write to you
access-purpose-registration = to register you
access-purpose-release = to give a service what you released
access-purpose-restore-check = to try out a restored backup
access-kind-hold-laid = A legal hold was laid on entries of this history
access-kind-ledger-entry-lost = An entry with this number was deleted from the database before it had its place. What it said is lost; that it was there is not.
access-kind-session-opened = A session was opened
access-kind-session-stepped-up = You confirmed it is you
access-kind-authenticator-added = A passkey was added
access-kind-authenticator-removed = A passkey was removed
access-check-title = Check it yourself
access-check-text = The file holds every entry with its proof, and the proof that there is no other. Check it with the program, without us, on any computer; keep it, and compare it with a later one.
access-download = Download access-history.json
access-mark = Mark of your history (the same in every file)
access-under = Proved under
access-not-proved = no checkpoint yet: come back in a moment
access-signed = a signed checkpoint of { $size } entries; no witness has cosigned it
access-witnessed = a checkpoint of { $size } entries, cosigned by { $names }
access-limits = What this cannot show: what somebody read without the platform, for instance off a screen. And the type and the hour of an entry are public, also while a hold withholds the rest.
history-kind-personal-read-by-staff = Staff read your data, or an entry about it is withheld: see “Who read my data”
history-kind-entry-withheld = An entry is withheld for now: see “Who read my data”
