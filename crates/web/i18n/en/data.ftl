# What is kept about the person: the data page, the notice agreed to, services approved, corrections, e-mail address, the copy.
data-masked = Kept, not shown. It stays sealed until you ask for it.
data-show = Show the number
data-hide = Hide the number
data-email-waiting = { $email } (another address waits to be confirmed)
data-passkeys-removed = Removed passkeys
data-history-oldest = Oldest entry
data-approvals-standing = Services you approve of
data-approvals-ended = Services you took it back from
data-corrections = Requests
data-letters = E-mails waiting to be sent
data-entries = Entries about you
data-level = Your account is
data-guardian-of = Accounts of young people you agreed to
data-guardian = Your guardian
data-guardian-one = One grown-up agreed to your account
data-signatures = Documents you signed
data-signing-keys = Signing keys, sealed
data-certificates-good = Certificates in force
data-certificates-all = All certificates in your name
data-readings = Times staff read your data
data-notice-none = None: this synthetic person was registered beforehand
data-wrong-title = Is something wrong?
data-wrong = Tell us which fact is wrong and what it should be. Your e-mail address you can change yourself.

flow-title = In one picture
flow-shown = You showed
flow-shown-what = { $count ->
    [0] no pictures
    [one] one picture of your card or face
   *[other] { $count } pictures of your card and face
}
flow-gone = Destroyed after the check
flow-gone-what = { $count ->
    [0] there was nothing to destroy
    [one] one picture
   *[other] { $count } pictures
}
flow-kept = Kept, sealed under a key of your own
flow-kept-what = { $count ->
    [one] one value about you
   *[other] { $count } values about you
}
flow-sent = Others received
flow-sent-what = { $count ->
    [0] nobody received anything
    [one] one service, what you approved
   *[other] { $count } services, what you approved
}
spans-title = How long each thing stays
spans-pictures = Pictures of your card and face
spans-pictures-until = Gone at once after the check
until-account = Until you close your account
until-history = { $count ->
    [one] A year, then it is deleted
   *[other] { $count } years, then it is deleted
}
until-removed = Until you remove it or close your account; that it was there, { $count ->
    [one] a year longer
   *[other] { $count } years longer
}
until-approval = Until you take it back or close your account; that you gave it, { $count ->
    [one] a year longer
   *[other] { $count } years longer
}
until-correction = Until it is decided, and { $count ->
    [one] a year
   *[other] { $count } years
} more to show how; or until you close your account
until-sent = Until they are sent; after { $count ->
    [one] a day
   *[other] { $count } days
} they are deleted in any case
until-ledger = For good: nobody can take out an entry, you and we included
until-certificate = Until it ended, and { $count ->
    [one] a year
   *[other] { $count } years
} more so that old signatures can be judged; closing your account takes away whose it was
until-staff = Until the ticket ended, and { $count ->
    [one] a year
   *[other] { $count } years
} more so that auditors can look at it

hold-why = Why
hold-basis = On what ground
hold-until = Until when
hold-card-title = Facts of your identity card
hold-card-why = To know that you are you, to let one card have one account, and to give a service what you approve. For nothing else.
hold-card-basis = You agreed in the notice; the ordinance lets us use it for that purpose only (Cap. 486, principles 1 and 3).
hold-contact-title = E-mail address
hold-contact-why = To write to you when something about your account changes, and to give it to a service when you approve.
hold-contact-basis = You agreed in the notice (Cap. 486, principles 1 and 3).
hold-passkeys-title = Passkeys
hold-passkeys-why = To let you, and nobody else, into your account. We keep the public half of each key and the name you gave it.
hold-passkeys-basis = Needed to keep others out (Cap. 486, principle 4).
hold-sign-ins-title = Sign-ins
hold-sign-ins-why = So that you can see where your account was used, and end what is not yours. Network address and browser are sealed for your eyes.
hold-sign-ins-basis = Needed to keep others out (Cap. 486, principle 4).
hold-approvals-title = Approvals for services
hold-approvals-why = To give a service only what you approved, and to prove that you did. Each service knows you by a random number of its own.
hold-approvals-basis = Your approval, service by service (Cap. 486, principle 3).
hold-codes-title = Recovery codes
hold-codes-why = To let you back in when you lose every device. We keep only a fingerprint of each code, not the code.
hold-codes-basis = Needed to keep others out (Cap. 486, principle 4).
hold-notice-title = The notice you agreed to
hold-notice-why = To prove what you were told before you agreed, word for word.
hold-notice-basis = We must tell you before we ask (Cap. 486, principle 1(3)).
hold-corrections-title = Requests for correction
hold-corrections-why = To answer you, and to show that we did in time. What you write is sealed.
hold-corrections-basis = We must deal with such requests (Cap. 486, sections 22 to 25).
hold-letters-title = E-mails on their way
hold-letters-why = To send you what we owe you: codes, and news about your account. There is no advertising.
hold-letters-basis = You agreed in the notice (Cap. 486, principles 1 and 3).
hold-ledger-title = Entries about you in the log
hold-ledger-why = To show you, and to prove, who opened your data and what was changed. An entry holds numbers and words of ours, none of your values.
hold-ledger-basis = Needed to watch over all access (Cap. 486, principle 4) and to be open about it (principle 5).
hold-level-title = What your account is good for
hold-level-why = To know whether you may sign and use services that need Plus, and who agreed to a young person’s account. A keyed code of your family name lets us notice officers who look up their relatives.
hold-level-basis = You asked for it; the code is needed to watch over staff (Cap. 486, principles 1, 3 and 4).
hold-signatures-title = What you signed
hold-signatures-why = To let you sign, and to let you prove what you signed. Only your own unlocked device can use your key. The document itself goes once the service has it, after two days at the latest.
hold-signatures-basis = You asked for it (Cap. 486, principles 1 and 3).
hold-certificates-title = Certificates in your name
hold-certificates-why = So that others can check your signature, also years later, and so that you can stop a certificate.
hold-certificates-basis = You asked for it; how a certificate ended must stay known (Cap. 553).
hold-staff-title = Tickets of our staff
hold-staff-why = Staff read something about you only under a ticket that a second officer approved. It names your account by its number, never a value. A legal hold may delay what you see of it; then the page says how much.
hold-staff-basis = Needed to watch over all access (Cap. 486, principle 4).

received-title = Who received your data
received-lead = Only services you approved can receive anything. Each time stands in the log.
received-none = No service has received anything about you.
received-times = { $count ->
    [one] Once.
   *[other] { $count } times.
}
received-when = First on { $first }, last on { $last }.
destroyed-title = What was destroyed
destroyed-lead = The pictures of your card and face, and with them the key your browser sealed them to, which lived in the checking program only. Each receipt can be checked by anybody.
destroyed-none = No pictures were taken: this synthetic person was registered beforehand.
destroyed-pictures = { $count ->
    [0] No pictures came
    [one] One picture destroyed
   *[other] { $count } pictures destroyed
}
destroyed-after = { $time } after the verdict
keys-gone-title = Keys that were replaced
keys-gone-lead = What they had sealed was sealed anew, and then they were destroyed: an older copy no longer opens. The ledger has an entry for each, under the number shown.
key-of-account = The key for accounts
key-of-audit = The key for entries of the ledger
key-of-consent = The key for approvals
key-of-contact = The key for addresses
key-of-profile = The key for card data
key-of-registration = The key for registrations
key-of-session = The key for sign-ins
key-of-realm = The key above all of them
key-of-own = Your own key

export-title = Take a copy with you
export-lead = One file with everything on this page and more: every number, time, approval and entry, for programs to read. It holds no password or key. Whoever has the file can read it, so keep it safe. We confirm with your passkey first, and write to you that the file was made.
export-continue = Save the copy
export-made = The file is on its way to your downloads.

agreed-title = The notice you agreed to
agreed-lead = You agreed on { $day } to version { $version }, in these words:
agreed-digest = SHA-256 of this text, as kept with your account:

consents-title = Services you approved
consents-hint = and take it back
consents-lead = These services may sign you in, and may receive what you approved.
consents-none = You have not approved any service yet. When you sign in at one, it stands here.
consents-fields = What it may receive
consents-nothing = Nothing about you, only that you sign in
consents-last = Last approved
consents-times = { $count ->
    [one] once
   *[other] { $count } times in all
}
consents-end = Take back “{ $service }”
consents-tip-now = Taking it back counts at once: what the service holds to ask us stops working.
consents-tip-again = The next time you sign in there, you are asked again.
consents-tip-has = What it received before, it still has. Ask it to delete that.
consents-ended-title = Taken back
consents-ended = on { $moment }

corrections-title = Ask for a correction
corrections-lead = Tell us which fact about you is wrong and what it should be.
corrections-tip-days = It has to be answered within 40 days (Cap. 486, section 23). For now an officer reads it with you at a registration counter: show this page there, with the document that proves it.
corrections-tip-told = If we do not agree, we tell you why, and your own statement is kept with the fact (section 25).
corrections-tip-self = Your e-mail address you change yourself, at once:
corrections-yours = Your requests
corrections-new = A new request
correction-field = Which fact is wrong?
correction-choose = Choose one
correction-should = What should it be?
correction-should-hint = As it stands on your card or other document.
correction-why = What shows it? (you may leave this out)
correction-why-hint = For example: “My new card of 3 March”. Do not send pictures here.
correction-received = Received
correction-sealed = What you write is sealed under your own key. You can take the request back until it is decided.
correction-continue = Send the request
correction-withdraw = Take back the request about “{ $field }”
correction-due = The answer is due by { $day }.
correction-late = The 40 days are over without an answer. You can complain to the Privacy Commissioner for Personal Data; this page shows the dates.
correction-state-received = received
correction-state-decided = decided
correction-state-closed = closed
correction-state-withdrawn = taken back
correction-outcome-corrected = The fact was set right.
correction-outcome-refused = The fact was not changed. You were told why, and your statement is kept with it.
correction-standing-decided = It is decided. You will hear from us.
correction-standing-closed = It is over.
correction-standing-withdrawn = You took it back. Nothing was changed.

contact-title = Change your e-mail address
contact-lead = We write to you when something about your account changes, and for nothing else.
contact-now = Address now
contact-label = New address
contact-old = Until you type the code we send there, nothing changes. Then we tell the old address, too.
contact-continue = Send me a code
contact-confirm-title = Type the code
contact-until-then = Until then we write to { $email }.
contact-confirm-continue = Change the address
