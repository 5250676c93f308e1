//! The built files of the page in `console/`, compressed when this crate is built.

/// A built file of the page.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// The path below `console/dist`.
    pub name: &'static str,
    /// The entity tag, in quotes.
    pub entity_tag: &'static str,
    /// The content, compressed.
    pub gzip: &'static [u8],
}

/// Every file, in the order of their names.
pub const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Finds a file by its path below `console/dist`; the empty path is the page itself.
#[must_use]
pub fn file(name: &str) -> Option<&'static File> {
    let name = if name.is_empty() { "index.html" } else { name };
    FILES.iter().find(|file| file.name == name)
}

impl File {
    /// Returns the media type that the name's ending stands for.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        let (_, ending) = self.name.rsplit_once('.').unwrap_or_default();
        match ending {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "json" | "map" => "application/json; charset=utf-8",
            "csv" => "text/csv; charset=utf-8",
            "txt" => "text/plain; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "woff2" => "font/woff2",
            "webmanifest" => "application/manifest+json",
            _ => "application/octet-stream",
        }
    }

    /// Tells whether the name holds a hash of the content, so that the content of this name never changes.
    #[must_use]
    pub fn is_hashed(&self) -> bool {
        self.name.starts_with("assets/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there_under_its_name_and_under_none() {
        let page = file("").unwrap();
        assert_eq!(page.content_type(), "text/html; charset=utf-8");
        assert!(std::ptr::eq(page, file("index.html").unwrap()));
        assert!(!page.is_hashed());
    }

    #[test]
    fn only_a_listed_name_is_a_file() {
        for name in [
            "..",
            "../Cargo.toml",
            "/index.html",
            "index.html/",
            "assets",
            "./index.html",
        ] {
            assert!(file(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_file_has_a_known_media_type_and_every_asset_a_hash_in_its_name() {
        for file in FILES {
            assert_ne!(
                file.content_type(),
                "application/octet-stream",
                "{}",
                file.name
            );
            let is_hash =
                |part: &str| part.len() >= 6 && part.bytes().all(|b| b.is_ascii_alphanumeric());
            let stem = file.name.rsplit_once('.').map_or("", |(stem, _)| stem);
            let hash = stem.rsplit_once('-').map_or("", |(_, hash)| hash);
            assert!(!file.is_hashed() || is_hash(hash), "{}", file.name);
        }
    }
}
