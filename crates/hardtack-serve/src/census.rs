//! How many connections there are: in all, and from one address.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{settings::Admission, standby::Standby};

/// Counts the connections of all threads.
pub(crate) struct Census {
    most: u32,
    places: Semaphore,
    /// The connections that are closed for new ones.
    pub(crate) standby: Standby,
    most_per_address: u32,
    addresses: Mutex<HashMap<IpAddr, u32>>,
}

/// A place for a connection. It is free again when this goes.
pub(crate) struct Ticket {
    _place: SemaphorePermit<'static>,
    /// Boxed, since few servers count them.
    counted: Option<Box<CountedAddress>>,
}

struct CountedAddress {
    census: &'static Census,
    address: IpAddr,
}

/// There are as many connections from that address as there may be.
#[derive(Debug)]
pub(crate) struct TooMany;

impl Census {
    pub(crate) fn new(limits: Admission) -> Self {
        let Admission { connections: most, per_address: most_per_address } = limits;
        let addresses = Mutex::new(HashMap::new());
        let places = Semaphore::new(most);
        Self {
            most: most.try_into().unwrap_or(u32::MAX),
            places,
            standby: Standby::default(),
            most_per_address,
            addresses,
        }
    }

    /// Waits until there is a place for one more connection. Without one, the connection is closed
    /// that has waited for a request the longest.
    pub(crate) async fn place(&'static self) -> Ticket {
        if let Ok(place) = self.places.try_acquire() {
            return Ticket { _place: place, counted: None };
        }
        let mut free = pin!(self.places.acquire());
        loop {
            let mut another = pin!(self.standby.another());
            another.as_mut().enable();
            if self.places.available_permits() == 0 {
                self.standby.close_longest();
            }
            tokio::select! {
                biased;
                place = &mut free => {
                    let place = place.expect("the semaphore is never closed");
                    return Ticket { _place: place, counted: None };
                }
                () = another => {}
            }
        }
    }

    /// Waits until there is no connection. Meanwhile, nobody else gets a place.
    pub(crate) async fn emptied(&self) {
        let all = self.places.acquire_many(self.most).await;
        drop(all.expect("the semaphore is never closed"));
    }

    fn addresses(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Counts the connection as one of that address.
    ///
    /// # Errors
    ///
    /// If there are too many from there.
    pub(crate) fn count(
        &mut self,
        census: &'static Census,
        address: IpAddr,
    ) -> Result<(), TooMany> {
        if census.most_per_address == 0 {
            return Ok(());
        }
        let address = network_of(address);
        {
            let mut addresses = census.addresses();
            let count = addresses.entry(address).or_default();
            if *count >= census.most_per_address {
                return Err(TooMany);
            }
            *count += 1;
        }
        self.counted = Some(Box::new(CountedAddress { census, address }));
        Ok(())
    }
}

/// A client with an IPv6 address has at least the 2^64 beside it.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        address => address,
    }
}

impl Drop for CountedAddress {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.census.addresses().entry(self.address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(connections: usize, per_address: u32) -> &'static Census {
        Box::leak(Box::new(Census::new(Admission { connections, per_address })))
    }

    #[tokio::test]
    async fn an_address_has_so_many_and_no_more() {
        let census = census(10, 2);
        let address = |text: &str| text.parse().unwrap();
        let mut tickets = Vec::new();
        for (from, is_let_in) in [
            ("192.0.2.1", true),
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("::ffff:192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::2", true),
            ("2001:db8::3", false),
            ("2001:db8:0:1::1", true),
        ] {
            let mut ticket = census.place().await;
            assert_eq!(ticket.count(census, address(from)).is_ok(), is_let_in, "{from}");
            tickets.push(ticket);
        }
        drop(tickets);
        assert!(census.addresses().is_empty());
        assert_eq!(census.places.available_permits(), 10);
    }

    #[tokio::test]
    async fn the_connection_that_waits_the_longest_goes_for_a_new_one() {
        let census = census(3, 0);
        let mut waiting: Vec<_> =
            [census.place().await, census.place().await, census.place().await]
                .map(|ticket| (ticket, census.standby.wait()))
                .into();
        for _ in 0..9 {
            let next = tokio::spawn(census.place());
            let (ticket, longest) = waiting.remove(0);
            longest.close().await;
            drop((ticket, longest));
            waiting.push((next.await.unwrap(), census.standby.wait()));
        }
        assert_eq!(census.places.available_permits(), 0);
    }

    #[tokio::test]
    async fn without_a_limit_nothing_is_kept() {
        let census = census(1, 0);
        let mut ticket = census.place().await;
        ticket.count(census, "192.0.2.1".parse().unwrap()).unwrap();
        assert!(census.addresses().is_empty());
    }
}
