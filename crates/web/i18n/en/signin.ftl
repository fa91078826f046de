# Signing in, and what passkey ceremonies say.
signin-title = Sign in
signin-lead = Sign in with your passkey.
signin-for = { $service } asks you to sign in. You decide on the next page what it learns.
signin-how = Your device asks you to unlock it. With a passkey on your phone you can sign in on another computer too: choose “use a phone” when it asks.
signin-continue = Sign in with a passkey
signin-new-title = Not registered yet?
signin-new = Register with your identity card
passkey-working = Your device is asking you. Follow what it says.
passkey-sending = One moment
passkey-unsupported = This browser or device cannot use a passkey here. Use a newer browser, or a phone with a screen lock.
passkey-cancelled = The passkey was not used: it was cancelled, took too long, or there is none on this device. Nothing has changed; try again.
passkey-already = This device already has a passkey for your account. Use another device, or sign in with this one.
passkey-insecure = Passkeys work only at the address of this site, over a secure connection. Check the address.
passkey-offline = The connection was lost. Nothing has changed; try again when you are online.
passkey-failed = That did not work, and nothing has changed. Try again in a moment.
