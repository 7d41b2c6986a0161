//! Who calls.

use longshore_protocol::{OwnerId, TenantId};

/// The person behind a call, as the session names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Whose tasks and files these are.
    pub owner: OwnerId,
    /// The person's organisation.
    pub tenant: TenantId,
}
