//! The full check of a bundle, for readers that did not build it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::{
    Action, Asset, Bundle, Coding, Error, Integrity, PathPattern, ReleaseId, Representation,
    Totals, read::invalid,
};

impl Bundle<'_> {
    /// Checks every digest and every record. A fingerprint is not compared with the bytes: that of an
    /// asset in a circle of references is a digest over the circle.
    ///
    /// The bytes of a large bundle take a while to hash; [`Bundle::open`] is enough for a
    /// bundle that is part of the running program.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn verify(&self) -> Result<(), Error> {
        self.verify_content()?;
        self.verify_assets()?;
        self.verify_carried()?;
        self.verify_dictionaries()?;
        self.verify_routes()?;
        self.verify_release_id()?;
        self.verify_patterns()?;
        self.not_found()?;
        self.fallback().map(drop)
    }

    /// Checks the digest of the whole content alone: the bytes are those that were written.
    ///
    /// # Errors
    ///
    /// If they are not.
    pub fn verify_content(&self) -> Result<(), Error> {
        if Sha256::digest(self.content)[..] == self.header.content_digest {
            Ok(())
        } else {
            Err(Error::Digest { part: "content" })
        }
    }

    fn verify_assets(&self) -> Result<(), Error> {
        let mut previous = None;
        let mut totals = Totals::default();
        for (index, asset) in self.assets().enumerate() {
            let asset = asset?;
            self.imports(&asset).try_for_each(|import| import.map(drop))?;
            let plain = asset.representations().flatten().filter(|one| one.dictionary.is_none());
            let lengths: Vec<_> = plain.map(|one| one.body.len()).collect();
            totals.count(lengths.into_iter());
            let is_in_order = previous < Some(asset.logical_path) && asset.age == 0;
            if !is_in_order || !has_sound_representations(&asset)? {
                return Err(invalid("asset", index));
            }
            previous = Some(asset.logical_path);
        }
        if totals == self.totals() { Ok(()) } else { Err(invalid("header", 0)) }
    }

    fn verify_carried(&self) -> Result<(), Error> {
        let mut previous = None;
        for (index, asset) in self.carried().enumerate() {
            let asset = asset?;
            let is_in_order = previous < Some(asset.url) && asset.age > 0;
            if !is_in_order || !has_sound_representations(&asset)? {
                return Err(invalid("carried asset", index));
            }
            previous = Some(asset.url);
        }
        Ok(())
    }

    /// A dictionary is the identity of some asset, and no plain coding has one.
    fn verify_dictionaries(&self) -> Result<(), Error> {
        for (index, record) in self.representations.iter().enumerate() {
            let needs_one = Coding::ALL
                .iter()
                .any(|coding| coding.has_dictionary() && *coding as u32 == record.coding.get());
            let dictionary = record.dictionary.get().checked_sub(1);
            let is_sound = match dictionary.map(|it| self.representations.get(it as usize)) {
                Some(Some(dictionary)) => {
                    needs_one && dictionary.coding.get() == Coding::Identity as u32
                }
                Some(None) => false,
                None => !needs_one,
            };
            if !is_sound {
                return Err(invalid("representation", index));
            }
        }
        Ok(())
    }

    /// Routes must be in order, and each must be found by its own path.
    fn verify_routes(&self) -> Result<(), Error> {
        let mut previous = None;
        for (index, route) in self.routes().enumerate() {
            let route = route?;
            route.fields().try_for_each(|field| field.map(drop))?;
            let found = self.route(route.path.as_bytes())?;
            if previous >= Some(route.path) || found.is_none_or(|found| found.path != route.path) {
                return Err(invalid("route", index));
            }
            previous = Some(route.path);
        }
        Ok(())
    }

    fn verify_release_id(&self) -> Result<(), Error> {
        let mut pairs = Vec::new();
        for route in self.routes() {
            let route = route?;
            if let Action::Serve(asset) = route.action {
                pairs.push((route.path, asset.fingerprint));
            }
        }
        let is_true = ReleaseId::of(pairs) == self.release_id();
        if is_true { Ok(()) } else { Err(Error::Digest { part: "release" }) }
    }

    fn verify_patterns(&self) -> Result<(), Error> {
        for (index, route) in self.patterns().enumerate() {
            let route = route?;
            route.fields().try_for_each(|field| field.map(drop))?;
            PathPattern::parse(route.path).map_err(|_| invalid("pattern", index))?;
        }
        Ok(())
    }
}

/// The identity comes first, no coding occurs twice with one dictionary, and the stored length and
/// digests of each body are true.
fn has_sound_representations(asset: &Asset<'_>) -> Result<bool, Error> {
    let mut previous = None;
    let mut known = BTreeSet::new();
    for representation in asset.representations() {
        let representation = representation?;
        let in_order = match previous {
            None => representation.coding == Coding::Identity,
            Some(previous) => previous <= representation.coding,
        } && known.insert((representation.coding, representation.dictionary));
        let length = representation.body.len().to_string();
        let digest = Sha256::digest(representation.body);
        if !in_order
            || representation.content_length != length
            || digest[..] != representation.digest[..]
            || representation.entity_tag != entity_tag(asset, &representation)
        {
            return Ok(false);
        }
        previous = Some(representation.coding);
    }
    Ok(previous.is_some() && Integrity::of(asset.identity()?.body) == asset.integrity)
}

fn entity_tag(asset: &Asset<'_>, representation: &Representation<'_>) -> String {
    let coding = representation.coding;
    match representation.dictionary {
        None => asset.fingerprint.entity_tag(coding),
        Some(digest) => asset.fingerprint.delta_entity_tag(coding, digest),
    }
}
