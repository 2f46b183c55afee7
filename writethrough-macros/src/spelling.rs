//! What a misspelt name was probably meant to be.

/// `, did you mean …` if one of the names is near, else nothing.
pub(crate) fn hint(written: &str, names: &[&str]) -> String {
    let written = written.to_lowercase();
    names
        .iter()
        .map(|name| (distance(&written, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| format!(", did you mean `{name}`"))
        .unwrap_or_default()
}

/// `use … or …`.
pub(crate) fn one_of(names: &[&str]) -> String {
    format!("use {}", listed(names, "or"))
}

/// The names in backticks, with commas and a last word between them.
pub(crate) fn listed(names: &[&str], last: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [first @ .., end] if !first.is_empty() => format!("{} {last} {end}", first.join(", ")),
        other => other.concat(),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let at = |rows: &[Vec<usize>], i: usize, j: usize| rows.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = at(&rows, i, j) + usize::from(x != y);
            let deleted = at(&rows, i, j + 1) + 1;
            let inserted = row.last().copied().unwrap_or(0) + 1;
            let mut least = replaced.min(deleted).min(inserted);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                least = least.min(at(&rows, i - 1, j - 1) + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    at(&rows, a.len(), b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_counts_single_edits() {
        assert_eq!(distance("ttl", "ttl"), 0);
        assert_eq!(distance("tll", "ttl"), 1);
        assert_eq!(distance("tlt", "ttl"), 1);
        assert_eq!(distance("onwrite", "on_write"), 1);
        assert_eq!(distance("", "ttl"), 3);
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        assert_eq!(hint("on_wirte", &["ttl", "on_write"]), ", did you mean `on_write`");
        assert_eq!(hint("TTL", &["ttl", "on_write"]), ", did you mean `ttl`");
        assert_eq!(hint("version", &["ttl", "on_write"]), "");
    }

    #[test]
    fn names_are_listed_as_one_says_them() {
        assert_eq!(listed(&["a"], "or"), "`a`");
        assert_eq!(listed(&["a", "b"], "or"), "`a` or `b`");
        assert_eq!(listed(&["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}
