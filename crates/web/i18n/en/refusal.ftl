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
