//! Receipts: signed in the transaction that makes them true, handed out with their proof of inclusion.
