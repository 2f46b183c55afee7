//! Beginnings and ends in the order of time, in a list from which operations are lifted and put back in place.

use super::super::clock::Moment;
use super::super::operation::Timed;

#[derive(Clone, Copy)]
enum Event {
    Begun(usize),
    Ended(usize),
}

/// A node of the doubly linked list; the first one, number 0, stands before the first event and after the last.
struct Node {
    event: Event,
    at: Moment,
    before: usize,
    after: usize,
}

/// See the [module](self).
pub struct Events {
    nodes: Vec<Node>,
    /// Where each operation begins and ends.
    places: Vec<[usize; 2]>,
}

impl Events {
    /// All operations must have an end.
    pub fn of(operations: &[Timed]) -> Self {
        let both = operations.iter().enumerate().flat_map(|(number, timed)| {
            let ended = timed.ended.expect("what has no end is not in the plan");
            // Of events at the same time the beginnings come first: who knows.
            [(timed.begun, 0, Event::Begun(number)), (ended, 1, Event::Ended(number))]
        });
        let mut sorted: Vec<_> = both.collect();
        sorted.sort_by_key(|(at, kind, _)| (*at, *kind));

        let (count, mut places) = (sorted.len() + 1, vec![[0; 2]; operations.len()]);
        let mut nodes =
            vec![Node { event: Event::Ended(usize::MAX), at: Moment(0), before: count - 1, after: 1 % count }];
        for (index, (at, _, event)) in sorted.into_iter().enumerate() {
            match event {
                Event::Begun(number) => places[number][0] = index + 1,
                Event::Ended(number) => places[number][1] = index + 1,
            }
            nodes.push(Node { event, at, before: index, after: (index + 2) % count });
        }
        Self { nodes, places }
    }

    pub fn is_empty(&self) -> bool {
        self.nodes[0].after == 0
    }

    /// The operations that began before the first end.
    pub fn open(&self) -> Vec<usize> {
        let (mut open, mut node) = (Vec::new(), self.nodes[0].after);
        while let (Event::Begun(operation), true) = (self.nodes[node].event, node != 0) {
            open.push(operation);
            node = self.nodes[node].after;
        }
        open
    }

    pub fn first_end(&self) -> Option<Moment> {
        let mut node = self.nodes[0].after;
        while let Event::Begun(_) = self.nodes[node].event {
            node = self.nodes[node].after;
        }
        (node != 0).then(|| self.nodes[node].at)
    }

    pub fn lift(&mut self, operation: usize) {
        for place in self.places[operation] {
            let Node { before, after, .. } = self.nodes[place];
            self.nodes[before].after = after;
            self.nodes[after].before = before;
        }
    }

    /// Undoes the last [`lift`](Self::lift).
    pub fn put_back(&mut self, operation: usize) {
        for place in self.places[operation].into_iter().rev() {
            let Node { before, after, .. } = self.nodes[place];
            self.nodes[before].after = place;
            self.nodes[after].before = place;
        }
    }
}
