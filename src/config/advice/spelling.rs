//! How far a word is from another.

/// Longer words are not compared: no keyword is that long, and the effort is the product of both lengths.
const LONGEST: usize = 64;

/// How many letters must be added, left out, changed or swapped with their neighbours to make one word of the other
/// (optimal string alignment). Case does not count.
pub fn distance(one: &str, other: &str) -> usize {
    let letters = |word: &str| word.chars().map(|c| c.to_ascii_lowercase()).collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    // The rows of the table before the last two letters of `one`.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1; other.len() + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = above[j] + usize::from(a != b);
            row[j + 1] = changed.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[other.len()]
}

/// The candidate nearest to the word, if one is near: a third of the letters may be wrong, at most two. Of two that are
/// equally near the first is taken.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters = word.chars().count();
    if letters > LONGEST {
        return None;
    }
    let tolerated = (letters / 3).clamp(1, 2);
    let near = candidates.into_iter().filter(|c| c.len().abs_diff(word.len()) <= tolerated && c.len() <= LONGEST);
    let measured = near.map(|candidate| (distance(word, candidate), candidate));
    let (_, candidate) = measured.filter(|(far, _)| *far <= tolerated).min_by_key(|(far, _)| *far)?;
    (candidate != word).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_mistakes() {
        for (one, other, far) in [
            ("", "", 0),
            ("", "abc", 3),
            ("authoritativ", "authoritative", 1),
            ("defualt-lease-time", "default-lease-time", 1),
            ("kitten", "sitting", 3),
            ("Routers", "routers", 0),
            ("rotuesr", "routers", 2),
        ] {
            assert_eq!(distance(one, other), far, "{one} {other}");
        }
    }

    #[test]
    fn finds_the_nearest_or_none() {
        let words = ["routers", "root-path", "domain-name", "domain-name-servers"];
        assert_eq!(nearest("router", words), Some("routers"));
        assert_eq!(nearest("domian-name", words), Some("domain-name"));
        assert_eq!(nearest("zzz", words), None);
        assert_eq!(nearest("no-routers", words), None);
        assert_eq!(nearest("routers", words), None);
        assert_eq!(nearest(&"a".repeat(100_000), words), None);
    }

    proptest! {
        #[test]
        fn is_a_distance(a in "[a-c]{0,8}", b in "[a-c]{0,8}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
            prop_assert!(distance(&a, &b) >= a.len().abs_diff(b.len()));
        }
    }
}
