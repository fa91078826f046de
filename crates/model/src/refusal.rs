//! What it means to say no: a refusal is an answer, not a failure.

/// One reason out of a journey's closed list for not doing what was asked.
///
/// Implemented by each journey's enum. The code is stable and public; the text in three languages stands under
/// [`Refusal::text_key`]; nothing personal is in either.
pub trait Refusal: std::fmt::Debug + Send + Sync + 'static {
    /// The stable, public code: lower-case words joined by hyphens.
    fn code(&self) -> &'static str;

    /// The HTTP status that fits it, 400 to 503.
    fn status(&self) -> u16;

    /// The key of its text: `refusal-` followed by the code.
    fn text_key(&self) -> String {
        format!("refusal-{}", self.code())
    }

    /// Whether the refusal is worth a leaf in the ledger.
    fn audited(&self) -> bool {
        false
    }
}

/// Declares a journey's closed list of refusals, one line each: variant, code, status, audited or not.
#[macro_export]
macro_rules! refusals {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal, $status:literal $(, $audited:ident)?;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every refusal of the journey, for tables and tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl $crate::refusal::Refusal for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
            fn status(&self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
            fn audited(&self) -> bool {
                match self { $(Self::$variant => $crate::refusals!(@audited $($audited)?),)+ }
            }
        }
    };
    (@audited audited) => { true };
    (@audited) => { false };
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    refusals! {
        /// A list for the test.
        Example {
            /// Too late.
            Late = "late", 410;
            /// Somebody else's.
            Foreign = "foreign", 403, audited;
        }
    }

    #[test]
    fn a_list_carries_codes_status_and_audit() {
        assert_eq!(Example::ALL.len(), 2);
        assert_eq!((Example::Late.code(), Example::Late.status(), Example::Late.audited()), ("late", 410, false));
        assert_eq!(Example::Foreign.text_key(), "refusal-foreign");
        assert!(Example::Foreign.audited());
    }
}
