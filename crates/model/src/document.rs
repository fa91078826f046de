//! Documents that people bring: why one is not read.

use crate::refusals;

refusals! {
    /// Why a document is not judged.
    DocumentRefusal {
        /// There is none.
        Missing = "document-missing", 422;
        /// It is no document that is read here, damaged, encrypted or arranged to mislead.
        Unreadable = "document-unreadable", 422;
        /// It is larger than is read here.
        TooLarge = "document-too-large", 413;
        /// Reading it took too long or too much memory.
        TooHard = "document-too-hard", 422;
        /// Too many wait.
        Busy = "document-busy", 503;
        /// It came so slowly that others would have waited for it.
        TooSlow = "document-too-slow", 408;
    }
}
