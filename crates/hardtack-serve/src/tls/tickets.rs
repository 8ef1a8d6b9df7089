//! Session tickets, by which a client that was here resumes its session (RFC 8446 §2.2, RFC 5077).
//!
//! The supervisor makes the keys, and every worker has the same: a session outlives the worker that it
//! began with. A key encrypts tickets for a [`PERIOD`], and decrypts them for another one, so that a
//! key that leaks opens the sessions of half a day.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    rand,
};
use rustls::server::ProducesTickets;
use serde::{Deserialize, Serialize};

/// How long a key encrypts tickets, and the life of a ticket.
const PERIOD: Duration = Duration::from_secs(6 * 60 * 60);

/// Bytes of a key's name, which a ticket begins with.
const NAME: usize = 16;

/// The system has no random numbers, or a key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("session tickets cannot be encrypted: no random numbers, or a key is damaged")]
pub struct TicketError(#[from] Unspecified);

/// The keys of session tickets: the one that encrypts, and the one that did before.
#[derive(Clone, Deserialize, Serialize)]
pub struct TicketKeys {
    /// When the current key was made.
    made: SystemTime,
    current: Key,
    previous: Option<Key>,
}

/// The name of a key, and its secret for AES-256-GCM.
#[derive(Clone, Deserialize, Serialize)]
struct Key {
    name: [u8; NAME],
    secret: [u8; 32],
}

impl TicketKeys {
    /// A first key.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn new(now: SystemTime) -> Result<Self, TicketError> {
        Ok(Self { made: now, current: Key::random()?, previous: None })
    }

    /// Another key, if the current one has had its time.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn rotated(&self, now: SystemTime) -> Result<Option<Self>, TicketError> {
        // A clock that was put back says nothing about the age of a key.
        let is_young = now.duration_since(self.made).is_ok_and(|age| age < PERIOD);
        if is_young {
            return Ok(None);
        }
        let previous = Some(self.current.clone());
        Ok(Some(Self { made: now, current: Key::random()?, previous }))
    }
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TicketKeys").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Key {
    fn random() -> Result<Self, TicketError> {
        let (mut name, mut secret) = ([0; NAME], [0; 32]);
        rand::fill(&mut name)?;
        rand::fill(&mut secret)?;
        Ok(Self { name, secret })
    }
}

/// The tickets of a worker, under keys that the supervisor may replace.
#[derive(Debug)]
pub(crate) struct Tickets(RwLock<Arc<Ciphers>>);

/// The current key first.
#[derive(Debug)]
struct Ciphers(Vec<Cipher>);

struct Cipher {
    name: [u8; NAME],
    key: RandomizedNonceKey,
}

impl Tickets {
    pub(crate) fn new(keys: &TicketKeys) -> Result<Arc<Self>, TicketError> {
        Ok(Arc::new(Self(RwLock::new(Arc::new(Ciphers::new(keys)?)))))
    }

    pub(crate) fn replace(&self, keys: &TicketKeys) -> Result<(), TicketError> {
        let ciphers = Arc::new(Ciphers::new(keys)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ciphers;
        Ok(())
    }

    fn ciphers(&self) -> Arc<Ciphers> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        u32::try_from(PERIOD.as_secs()).expect("it is some hours")
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.ciphers().0.first()?.encrypt(plain)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, sealed) = ticket.split_first_chunk::<NAME>()?;
        self.ciphers().0.iter().find(|cipher| cipher.name == *name)?.decrypt(sealed)
    }
}

impl Ciphers {
    fn new(keys: &TicketKeys) -> Result<Self, TicketError> {
        let keys = [Some(&keys.current), keys.previous.as_ref()];
        keys.into_iter().flatten().map(Cipher::new).collect::<Result<_, _>>().map(Self)
    }
}

impl Cipher {
    fn new(key: &Key) -> Result<Self, TicketError> {
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &key.secret)?;
        Ok(Self { name: key.name, key: cipher })
    }

    /// The name, the nonce, and the sealed bytes.
    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = plain.to_owned();
        let nonce = self.key.seal_in_place_append_tag(Aad::from(self.name), &mut sealed).ok()?;
        Some([&self.name[..], nonce.as_ref(), &sealed].concat())
    }

    fn decrypt(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (nonce, mut plain) = (Nonce::from(nonce), sealed.to_owned());
        let length = self.key.open_in_place(nonce, Aad::from(self.name), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cipher").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(hours * 60 * 60)
    }

    fn rotated(keys: &TicketKeys, hours: u64) -> TicketKeys {
        keys.rotated(at(hours)).unwrap().unwrap()
    }

    /// Whether tickets of these keys resume a session where the other keys are in use.
    fn resumes(made: &TicketKeys, used: &TicketKeys) -> bool {
        let ticket = Tickets::new(made).unwrap().encrypt(b"session").unwrap();
        let plain = Tickets::new(used).unwrap().decrypt(&ticket);
        assert!(plain.as_deref().is_none_or(|plain| plain == b"session"));
        plain.is_some()
    }

    #[test]
    fn keys_have_their_time() {
        let keys = TicketKeys::new(at(100)).unwrap();
        for (hours, is_due) in [(100, false), (105, false), (106, true), (1000, true), (99, true)] {
            assert_eq!(keys.rotated(at(hours)).unwrap().is_some(), is_due, "{hours}");
        }
    }

    #[test]
    fn a_ticket_outlives_one_rotation_and_not_two() {
        let first = TicketKeys::new(at(0)).unwrap();
        let second = rotated(&first, 6);
        let third = rotated(&second, 12);
        assert!(resumes(&first, &first.clone()));
        assert!(resumes(&first, &second));
        assert!(!resumes(&first, &third));
        assert!(resumes(&second, &third));
        assert!(!resumes(&second, &first));
        assert!(!resumes(&TicketKeys::new(at(0)).unwrap(), &first));
    }

    #[test]
    fn keys_travel_as_a_message() {
        let keys = rotated(&TicketKeys::new(at(0)).unwrap(), 6);
        let message = serde_json::to_vec(&keys).unwrap();
        assert!(resumes(&keys, &serde_json::from_slice(&message).unwrap()));
    }

    #[test]
    fn a_ticket_that_was_changed_is_none() {
        let tickets = Tickets::new(&TicketKeys::new(at(0)).unwrap()).unwrap();
        let ticket = tickets.encrypt(b"session").unwrap();
        for place in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[place] ^= 1;
            assert_eq!(tickets.decrypt(&changed), None, "{place}");
            assert_eq!(tickets.decrypt(&ticket[..place]), None, "{place}");
        }
    }
}
