//! The third stage: the order in which assets are fingerprinted.
//!
//! A fingerprint is of final bytes, and these contain the fingerprints of the assets referred to:
//! so leaves come first. Assets that refer to each other in a circle are one component.

use crate::{
    Role,
    references::{Reference, Referenced},
    scan::Asset,
};

/// Assets that reach each other through references; most often only one. Sorted.
pub(crate) type Component = Vec<usize>;

/// The components, each behind all components that it refers to.
///
/// References in assets that keep their bytes do not count, nor references to assets that keep
/// their name.
pub(crate) fn graph(referenced: &Referenced) -> Vec<Component> {
    components(&edges(referenced))
}

/// The other assets that the bytes of each asset depend on.
pub(crate) fn edges(referenced: &Referenced) -> Vec<Vec<usize>> {
    let Referenced { assets, references, frozen, .. } = referenced;
    let counts = |reference: &&Reference| match assets[reference.target].role {
        Role::Hashed | Role::Prehashed => true,
        Role::EntryPoint | Role::Pinned => false,
    };
    let of_asset = |index: usize| {
        let subjects = referenced.digests[index].iter().map(|place| place.subject.asset());
        let targets = references[index].iter().filter(counts).map(|reference| reference.target);
        // An import map says the integrity of those too that a pinned module imports.
        let has_map = referenced.module_integrity.contains_key(&index);
        let modules = if has_map { modules(index, assets, references) } else { Vec::new() };
        let modules = modules.into_iter().filter(|module| assets[*module].role != Role::EntryPoint);
        targets.chain(subjects.filter(|subject| *subject != index)).chain(modules).collect()
    };
    let of_asset = |index| if frozen[index] { Vec::new() } else { of_asset(index) };
    (0..assets.len()).map(of_asset).collect()
}

/// All scripts that a page reaches through references.
pub(crate) fn modules(page: usize, assets: &[Asset], references: &[Vec<Reference>]) -> Vec<usize> {
    let mut is_reached = vec![false; assets.len()];
    let mut open = vec![page];
    let mut scripts = Vec::new();
    while let Some(index) = open.pop() {
        for target in references[index].iter().map(|reference| reference.target) {
            if assets[target].is_script() && !std::mem::replace(&mut is_reached[target], true) {
                open.push(target);
                scripts.push(target);
            }
        }
    }
    scripts
}

/// Tarjan's strongly connected components (SIAM J. Comput. 1, 1972), without recursion: a chain
/// of references may be longer than the stack is deep.
pub(crate) fn components(edges: &[Vec<usize>]) -> Vec<Component> {
    let mut search = Search {
        edges,
        order: vec![None; edges.len()],
        low: vec![0; edges.len()],
        is_open: vec![false; edges.len()],
        open: Vec::new(),
        visited: 0,
        components: Vec::new(),
    };
    for node in 0..edges.len() {
        if search.order[node].is_none() {
            search.from(node);
        }
    }
    search.components
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    /// When a node was first visited.
    order: Vec<Option<usize>>,
    /// The earliest visited open node that a node reaches.
    low: Vec<usize>,
    /// Whether a node waits for its component to be complete.
    is_open: Vec<bool>,
    open: Vec<usize>,
    visited: usize,
    components: Vec<Component>,
}

impl Search<'_> {
    fn from(&mut self, root: usize) {
        // The path from the root to the node at hand, each with the edges that were followed.
        let mut path = vec![(root, 0)];
        self.enter(root);
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            if let Some(target) = self.edges[node].get(*followed) {
                *followed += 1;
                match self.order[*target] {
                    None => {
                        self.enter(*target);
                        path.push((*target, 0));
                    }
                    Some(order) if self.is_open[*target] => {
                        self.low[node] = self.low[node].min(order);
                    }
                    Some(_) => {}
                }
            } else {
                path.pop();
                self.leave(node);
                if let Some((parent, _)) = path.last() {
                    self.low[*parent] = self.low[*parent].min(self.low[node]);
                }
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = Some(self.visited);
        self.low[node] = self.visited;
        self.visited += 1;
        self.open.push(node);
        self.is_open[node] = true;
    }

    /// Closes the component of a node that reaches no node visited before it.
    fn leave(&mut self, node: usize) {
        if self.order[node] != Some(self.low[node]) {
            return;
        }
        let start = self.open.iter().rposition(|open| *open == node).unwrap_or(0);
        let mut component = self.open.split_off(start);
        component.iter().for_each(|member| self.is_open[*member] = false);
        component.sort_unstable();
        self.components.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn orders(edges: &[&[usize]], expected: &[&[usize]]) {
        let edges: Vec<Vec<usize>> = edges.iter().map(|targets| targets.to_vec()).collect();
        assert_eq!(components(&edges), expected);
    }

    #[test]
    fn leaves_come_first() {
        orders(&[], &[]);
        orders(&[&[], &[]], &[&[0], &[1]]);
        orders(&[&[1], &[2], &[]], &[&[2], &[1], &[0]]);
        orders(&[&[1, 2], &[3], &[3], &[]], &[&[3], &[1], &[2], &[0]]);
    }

    #[test]
    fn a_circle_is_one_component() {
        orders(&[&[0]], &[&[0]]);
        orders(&[&[1], &[0]], &[&[0, 1]]);
        orders(&[&[1], &[2], &[0, 3], &[]], &[&[3], &[0, 1, 2]]);
        orders(&[&[1], &[0, 2], &[3], &[2]], &[&[2, 3], &[0, 1]]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let edges: Vec<Vec<usize>> =
            (0..100_000).map(|node| if node == 0 { vec![] } else { vec![node - 1] }).collect();
        assert_eq!(components(&edges).len(), 100_000);
    }

    fn reaches(edges: &[Vec<usize>], from: usize, to: usize) -> bool {
        let mut reached = vec![from];
        let mut next = 0;
        while let Some(node) = reached.get(next).copied() {
            next += 1;
            for target in &edges[node] {
                if !reached.contains(target) {
                    reached.push(*target);
                }
            }
        }
        reached.contains(&to)
    }

    proptest! {
        /// Two nodes are in one component just if they reach each other; what a node reaches
        /// comes no later than the node.
        #[test]
        fn components_are_what_they_are_called(
            edges in prop::collection::vec(prop::collection::vec(0usize..8, 0..4), 8),
        ) {
            let components = components(&edges);
            let place = |node| components.iter().position(|one| one.contains(&node)).unwrap();
            prop_assert_eq!(components.iter().map(Vec::len).sum::<usize>(), edges.len());
            for from in 0..edges.len() {
                for to in 0..edges.len() {
                    let circle = reaches(&edges, from, to) && reaches(&edges, to, from);
                    prop_assert_eq!(place(from) == place(to), circle);
                    prop_assert!(!reaches(&edges, from, to) || place(to) <= place(from));
                }
            }
        }
    }
}
