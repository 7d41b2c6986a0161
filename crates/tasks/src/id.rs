//! Task ids: shard, time and chance.
//!
//! `<shard: 2 hex><time: 10 base-32><random: 16 base-32>`, 28 characters, lower case. The shard says where
//! the task's keys live; the time lets a poll for something long gone say "expired" rather than
//! "unknown"; the 80 random bits cannot be guessed. A child's id is its parent's, a dash and its number.

use longshore_protocol::{TaskId, TenantId};
use rand::RngCore;

use crate::entity::Timestamp;

/// Crockford's base 32 (<https://www.crockford.com/base32.html>), lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const SHARD_LEN: usize = 2;
const TIME_LEN: usize = 10;
const RANDOM_LEN: usize = 16;

/// Where a task's keys live; all keys of one transition share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard(u8);

impl Shard {
    /// The only shard so far. Ids and keys carry it, so that more can come without moving tasks.
    pub const FIRST: Shard = Shard(0);

    /// The shard of a tenant's tasks.
    pub fn of_tenant(_tenant: &TenantId) -> Shard {
        Shard::FIRST
    }

    /// The number, as it stands in ids and keys.
    pub fn number(self) -> u8 {
        self.0
    }
}

fn push_base32(out: &mut String, value: u128, len: usize) {
    for position in (0..len).rev() {
        let digit = (value >> (5 * position)) & 31;
        out.push(char::from(ALPHABET[digit as usize]));
    }
}

/// Makes a new id for a task of `tenant` registered at `now`.
pub fn new_task_id(tenant: &TenantId, now: Timestamp) -> TaskId {
    let mut rng = rand::rng();
    let random = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
    let mut text = format!("{:02x}", Shard::of_tenant(tenant).number());
    push_base32(&mut text, u128::from(now.as_millis()), TIME_LEN);
    push_base32(&mut text, random, RANDOM_LEN);
    TaskId::parse(text).expect("base-32 digits are letters and digits, 28 of them")
}

/// The id of a task's child of that number: `<parent>-<number>`. The same child has the same id at every try.
pub fn child_id(parent: &TaskId, number: u32) -> TaskId {
    TaskId::parse(format!("{parent}-{number}")).expect("28 characters, a dash and at most 10 digits")
}

/// The id of the parent of a task, if it is a child.
pub fn parent_of(id: &TaskId) -> Option<TaskId> {
    TaskId::parse(id.as_str().split_once('-')?.0).ok()
}

/// When a task of this id, or its parent, was registered; `None` if the id was not made here.
pub fn registration_time(id: &TaskId) -> Option<Timestamp> {
    let text = id.as_str().split_once('-').map_or(id.as_str(), |(parent, _)| parent).as_bytes();
    if text.len() != SHARD_LEN + TIME_LEN + RANDOM_LEN {
        return None;
    }
    let mut value = 0u64;
    for byte in &text[SHARD_LEN..SHARD_LEN + TIME_LEN] {
        let digit = ALPHABET.iter().position(|letter| letter == byte)?;
        value = value.checked_mul(32)?.checked_add(digit as u64)?;
    }
    Some(Timestamp::from_millis(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_time_and_is_never_the_same() {
        let tenant = TenantId::parse("main").expect("valid");
        let now = Timestamp::from_millis(1_795_000_000_123);
        let id = new_task_id(&tenant, now);
        assert_eq!(id.as_str().len(), 28);
        assert_eq!(registration_time(&id), Some(now));
        assert_ne!(new_task_id(&tenant, now), id);
        let child = child_id(&id, 4_294_967_295);
        assert_eq!((parent_of(&child), registration_time(&child)), (Some(id.clone()), Some(now)));
        assert_eq!(parent_of(&id), None);
        for foreign in ["x", "0123456789012345678901234567", &"u".repeat(28)] {
            let parsed = registration_time(&TaskId::parse(foreign).expect("valid id"));
            assert!(parsed.is_none() || foreign.starts_with('0'), "{foreign}");
        }
    }
}
