//! What staff can do at all. A closed list: the schema of the policy names the same words, and a test compares them.

macro_rules! actions {
    ($($(#[$meta:meta])* $name:ident = $word:literal;)+) => {
        /// Something an officer does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[$meta])* $name,)+ }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable word, as policies and the ledger name it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

actions! {
    /// Asking for fields of a person.
    TicketOpen = "ticket-open";
    /// Approving that somebody else reads them.
    TicketApprove = "ticket-approve";
    /// Reading them.
    TicketRead = "ticket-read";
    /// Asking for access in an emergency.
    BreakGlassOpen = "break-glass-open";
    /// Being the second one.
    BreakGlassApprove = "break-glass-approve";
    /// Reading in an emergency.
    BreakGlassRead = "break-glass-read";
    /// Judging an emergency afterwards.
    BreakGlassReview = "break-glass-review";
    /// Proposing bulk work.
    JobPropose = "job-propose";
    /// Approving bulk work.
    JobApprove = "job-approve";
    /// Asking that entries of a person's history are withheld for a time.
    HoldPropose = "hold-propose";
    /// Approving that.
    HoldApprove = "hold-approve";
    /// Watching decisions, refusals and alerts.
    BoardRead = "board-read";
    /// Closing what the watch found.
    FindingSettle = "finding-settle";
    /// Registering somebody who is present.
    CounterRegister = "counter-register";
    /// Raising the account of somebody who is present.
    CounterUpgrade = "counter-upgrade";
    /// Letting somebody who is present back in.
    CounterRecover = "counter-recover";
    /// Freezing an account whose phone is lost.
    AccountFreeze = "account-freeze";
    /// Proposing an act of the certification authority.
    CertificatePropose = "certificate-propose";
    /// Approving it.
    CertificateApprove = "certificate-approve";
    /// Proposing work on keys.
    KeyPropose = "key-propose";
    /// Approving it.
    KeyApprove = "key-approve";
    /// Proposing an officer, or longer rights for one.
    OfficerPropose = "officer-propose";
    /// Approving that.
    OfficerApprove = "officer-approve";
    /// Confirming that an officer still needs their rights.
    OfficerConfirm = "officer-confirm";
    /// Ending an officer.
    OfficerEnd = "officer-end";
    /// Seeing who works here.
    OfficerList = "officer-list";
    /// Reading how privileges were used.
    StaffReport = "staff-report";
    /// Checking the ledger.
    LogVerify = "log-verify";
}

impl Action {
    /// Whether it is the second person's part in something.
    #[must_use]
    pub const fn is_approval(self) -> bool {
        matches!(
            self,
            Self::TicketApprove
                | Self::BreakGlassApprove
                | Self::BreakGlassReview
                | Self::JobApprove
                | Self::HoldApprove
                | Self::CertificateApprove
                | Self::KeyApprove
                | Self::OfficerApprove
                | Self::OfficerConfirm
        )
    }

    /// Whether it opens, or lets open, personal data.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(
            self,
            Self::TicketOpen
                | Self::TicketApprove
                | Self::TicketRead
                | Self::BreakGlassOpen
                | Self::BreakGlassApprove
                | Self::BreakGlassRead
        )
    }

    /// Whether it changes who works here.
    #[must_use]
    pub const fn changes_officers(self) -> bool {
        matches!(self, Self::OfficerPropose | Self::OfficerApprove | Self::OfficerConfirm | Self::OfficerEnd)
    }
}
