# One text for each refusal code of the journeys: refusal-CODE. What happened, what was not lost, what to do next.
refusal-challenge-expired = This took too long, and the question to your passkey has ended. Nothing has changed. Load the page again and repeat the step.
refusal-challenge-unknown = This question to your passkey was answered already, or belongs to another page. Nothing has changed. Load the page again and repeat the step.
refusal-essential-field-missing = The service cannot do without one of the values you left out. Tick it, or choose not to share.
refusal-no-consent = You have not approved this release, or have taken it back. Nothing was shared.
refusal-not-for-this-purpose = This value may not be opened for this purpose. Nothing was opened.
refusal-not-yours = This belongs to another account. Nothing was opened.
refusal-passkey-malformed = The answer of your device could not be read. Nothing has changed. Try again, or use another device.
refusal-passkey-not-accepted = This passkey could not be accepted. Nothing has changed. Try again, or use another passkey of yours.
refusal-passkey-taken = This passkey is already registered. Use another device, or sign in with it.
refusal-request-gone = This request of the service has ended or was answered already. Nothing was shared. Go back to the service and start again.
refusal-request-malformed = The service sent a request we cannot read, or one that says the same thing twice. Nothing was shared. Tell the service.
refusal-shown-again = The page you answered was shown again since. Answer the newest one; nothing was shared.
refusal-shown-changed = What the page showed has changed since. Nothing was shared. Read it again and decide.
refusal-sign-in-first = Sign in first, then continue. Nothing has changed.
refusal-unknown-service = No service of this name is registered here. We do not send you on. Tell the service if you came from its page.
refusal-unregistered-redirect = The service asked us to send you to an address it has not registered. For your safety we do not. Tell the service.
refusal-user-not-verified = Your device did not ask for your fingerprint, face or PIN. Turn on its screen lock, then try again.

# Registration.
refusal-codes-not-kept = Keep the codes first, then tick the box. They are not shown again.
refusal-custody-over = The checking program for your pictures has ended, and they are destroyed. Take the face pictures again.
refusal-email-code-over = This code is no longer good. Ask for a new one.
refusal-email-code-wrong = These are not the six digits we sent. Check the newest e-mail and type them again.
refusal-email-not-usable = We cannot write to this address. Write it as name@example.hk, in plain Latin letters without spaces.
refusal-email-too-often = A code was sent a moment ago, or too many were sent. Wait a little; then use the newest code or ask again.
refusal-not-agreed = Tick the box if you agree. You cannot register without agreeing; nothing has been kept.
refusal-notice-changed = The notice has changed since you opened this page. Please read it again; nothing has been kept.
refusal-picture-too-large = This picture is too large. Use one of at most 8 megabytes; nothing else was lost.
refusal-picture-unknown = This picture has no place here. Take your pictures on the registration page.
refusal-presence-challenge-over = Too much time has passed since the movements were asked for. Do the face step again; your card picture is still on the page.
refusal-proofing-busy = Many people are registering just now. Wait a few seconds; your pictures are still on the page and are sent again.
refusal-proofing-unavailable = Pictures cannot be checked here at the moment. Try later, or come to a counter; nothing was kept.
refusal-registration-over = This registration has ended. Nothing was kept; please start again.
refusal-registration-step = This step is already done, or not yet the next one. Go on from the page you are led to; nothing is lost.
refusal-seal-broken = This picture was not sealed for this check, or was damaged on the way. It was not accepted; send it again from the page.

# Account and sessions.
refusal-confirm-missing = Tick the box if you want to close your account. Nothing has changed.
refusal-last-authenticator = This is your only passkey. Add another one first; without any you could not sign in. Nothing has changed.
refusal-name-not-usable = Give a name of 1 to 60 characters, without control characters. The old name stays.
refusal-not-in-account = There is no such thing in your account any more. Look at the list again.
refusal-too-many-authenticators = Your account has as many passkeys as it can take. Remove one you no longer use, then try again.
refusal-session-over = You have been signed out, because it was long ago or the session was ended. Nothing is lost. Sign in again.
refusal-step-up-needed = For this step we need to know that it is you. Use your passkey once more, then try again.
refusal-too-many-tries = Many attempts to sign in failed from your network. Your account is not locked. Wait a few minutes, or use another network.

# What is kept about the person.
refusal-correction-field = Choose the fact that is wrong. Nothing has been sent.
refusal-correction-should = Say what it should be, in at most 120 characters. Nothing has been sent.
refusal-correction-waiting = You have a request about this fact already. Take that one back first, or wait for its answer.
refusal-correction-why = This is too long, or holds characters that cannot be seen. Use at most 1000 characters; nothing has been sent.
refusal-email-same = This is the address we have already. Nothing has changed.
