//! How deep a JSON text nests, counted without recursion: the text may come from anybody.

/// The most levels of lists and objects a parameter may nest: well under what a database (from 32) and a recursive
/// parser (128) take.
pub(super) const MAX_DEPTH: usize = 16;

/// Whether lists and objects nest at most [`MAX_DEPTH`] levels. The text must be valid JSON.
pub(super) fn is_shallow(json: &str) -> bool {
    let mut depth = 0_usize;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' if depth == MAX_DEPTH => return false,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// Moves behind the closing quote of a string whose opening quote was read.
fn skip_string(bytes: &mut std::str::Bytes<'_>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn sixteen_levels_are_shallow_and_seventeen_are_not() {
        assert!(is_shallow(&nested(16)));
        assert!(!is_shallow(&nested(17)));
        assert!(!is_shallow(&nested(1_000_000)));
    }

    #[test]
    fn siblings_do_not_add_up() {
        assert!(is_shallow(&format!(
            "[{}]",
            vec![nested(15); 100].join(",")
        )));
    }

    #[test]
    fn brackets_inside_strings_do_not_count() {
        let text = format!(r#"["{}\"{}\\"]"#, "[".repeat(50), "{".repeat(50));
        assert!(is_shallow(&text));
    }
}
