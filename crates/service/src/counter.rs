//! Errands with an officer's help, and codes that one screen hands to another.
//!
//! Whoever needs an officer has their own screen show a code of 60 bits ([`code`]); the officer takes the errand up with it
//! ([`desk`]), sees no personal data, compares the card by its number through the blind index, and signs for what they saw. What
//! follows (a passkey, a level) is always the person's own act afterwards: an officer alone changes nothing.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`code::of_registration`] | POST /register/counter, /register/phone, /register/guardian | an errand with its code |
//! | [`code::of_session`] | POST /account/level/counter | an errand with its code |
//! | [`code::carry_on`] | POST /hand-over | the registration has another secret |
//! | [`desk::take_up`] | POST /staff/counter | the errand is this officer's, leaf |
//! | [`desk::begin`], [`desk::sign`] | POST /staff/counter/ID/… | what was seen, signed by the officer; leaf |
//! | [`withdraw::withdraw`] | POST /account/guardian/withdraw | the link ends, the young person's account sleeps; leaves, letters |
//! | [`switch::open`], [`switch::answer`], … | POST /staff/kill-switch… | a call-back code; the suspension; leaves, letters |

pub mod case;
pub mod code;
pub mod desk;
pub mod guardian;
pub mod switch;
pub mod withdraw;
