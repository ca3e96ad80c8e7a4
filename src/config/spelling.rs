//! The nearest known word to a mistyped one.

/// Returns the known word that was probably meant.
pub fn suggestion<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().take(64).collect();
    let allowed = (word.len() / 3).clamp(1, 3);
    known
        .iter()
        .map(|name| (distance(&word, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Counts the letters to insert, delete, replace or swap (optimal string alignment distance).
fn distance(word: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=name.len()).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, other) in name.iter().enumerate() {
            let at =
                |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let change = at(&above, column) + usize::from(letter != other);
            let mut best = change
                .min(at(&above, column + 1) + 1)
                .min(at(&line, column) + 1);
            let is_swap = row > 0
                && column > 0
                && word.get(row - 1) == Some(other)
                && name.get(column - 1) == Some(letter);
            if is_swap {
                best = best.min(at(&before, column - 1) + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Option<&str>) {
        let known = ["tenant", "client_id", "provider", "port"];
        assert_eq!(suggestion(word, &known), expected, "{word}");
    }

    #[test]
    fn typing_slips_are_recognised() {
        check("tennant", Some("tenant"));
        check("clientid", Some("client_id"));
        check("Client_Id", Some("client_id"));
        check("rpovider", Some("provider"));
        check("prot", Some("port"));
    }

    #[test]
    fn other_words_are_left_alone() {
        check("colour", None);
        check("", None);
        check("x", None);
    }
}
