//! What a transaction is made of.

/// Rows are told apart by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    /// By way of the layer: locks, changes and returns the row.
    Save(u8),
    /// Past the layer: changes the row.
    PlainWrite(u8),
    Savepoint,
    RollBackTo,
    Release,
    /// A statement fails, and the program goes on as if nothing had happened.
    Fail,
    /// The database ends the whole transaction, to break a deadlock, and the program goes on all the same.
    Deadlock,
}

impl Statement {
    const ON_NO_ROW: [Self; 5] = [Self::Savepoint, Self::RollBackTo, Self::Release, Self::Fail, Self::Deadlock];
}

/// Which statements a transaction is made of.
#[derive(Clone, Debug)]
pub(super) enum Program {
    /// Just these.
    Just(Vec<Statement>),
    /// Any, so many at most, in so many savepoints.
    Any { statements: u8, savepoints: usize },
}

impl Program {
    /// What may be next after so many statements, where there are so many rows.
    pub(super) fn statements(&self, after: u8, rows: usize) -> Vec<Statement> {
        match self {
            Self::Just(statements) => statements.get(usize::from(after)).copied().into_iter().collect(),
            Self::Any { statements, .. } if after < *statements => {
                let rows = 0..u8::try_from(rows).expect("a handful of rows");
                let on_rows = rows.flat_map(|row| [Statement::Save(row), Statement::PlainWrite(row)]);
                on_rows.chain(Statement::ON_NO_ROW).collect()
            }
            Self::Any { .. } => vec![],
        }
    }

    pub(super) fn savepoints(&self) -> usize {
        match self {
            Self::Just(statements) => statements.len(),
            Self::Any { savepoints, .. } => *savepoints,
        }
    }

    pub(super) fn may_end(&self, after: u8) -> bool {
        match self {
            Self::Just(statements) => statements.len() == usize::from(after),
            Self::Any { .. } => true,
        }
    }
}
