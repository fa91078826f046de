# What every page shows. Second person, present tense, short sentences; no exclamation marks, no blame.
name = Lionrock
skip = Skip to the page
language = Language
realm-test = Test realm
realm-test-people = – synthetic people only
errors-title = There is something to put right
footer-what = Lionrock, digital identity whose promises you can check.
footer-nav = More
your-account = Your account
sign-in = Sign in
sign-out = Sign out
register = Register
mailbox = Test mailbox
print = Print
copy = Copy
copied = Copied
needs-script = This step talks to your phone’s camera or passkey and needs JavaScript. Turn it on for this site and load the page again.

start-title = Your digital identity
start-lead = Register once with your identity card. Then sign in to online services with your phone, and see each time what they learn about you.
start-need-title = What you need
start-need-card = Your Hong Kong identity card
start-need-phone = A phone or computer with a camera and a screen lock
start-need-mail = An e-mail address you can read now
start-time = It takes about five minutes. You can stop at any time; nothing is kept until you finish.
start-promise-title = What we promise
start-promise-pictures = Your pictures are destroyed as soon as they are checked. You get a signed receipt.
start-promise-password = There is no password. Your fingerprint or face for unlocking stays in your phone.
start-promise-consent = No service learns anything about you unless you approve it, value by value.
start-continue = Register

mailbox-title = Test mailbox
mailbox-lead = Messages this test realm would have sent by e-mail. Only test realms have this page.
mailbox-empty = No message yet. It appears here when a page says it has sent one.
mailbox-line = To { $to }, { $at }
mailbox-again = Look again
