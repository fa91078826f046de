refusal-no-ticket = Your ticket does not cover this. Nothing was opened.
refusal-ticket-over = The ticket’s minutes are over. Open a new one.
refusal-staff-policy-not-loaded = The policy of this release cannot be read. Nobody can do anything here until it is mended.
refusal-staff-not-permitted = Your role may not do this, here and at this hour.
refusal-staff-own-proposal = You proposed this yourself. Somebody else must approve it.
refusal-staff-same-unit = You work in the unit that proposed this. Somebody of another unit must approve it.
