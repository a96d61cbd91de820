//! Stylesheets, scripts and the icon, compiled in, with the society's accent and address set; each at an address that
//! carries the hash of its content, so that a copy can be kept for ever.

use std::path::Path;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::colour::readable_accents;
use super::document::{Document, IMMUTABLE, Page, fingerprint};
use super::{AppState, PublicError, parameters};
use crate::domain::news::Site;
use crate::domain::time::UnixMs;

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// One file under `/assets/` or `/embed/`.
pub(super) struct Asset {
    folder: &'static str,
    stem: &'static str,
    hash: String,
    extension: &'static str,
    /// Bytes.
    pub(super) size: usize,
    /// At the address with the hash.
    immutable: Document,
    /// At an address without one.
    pub(super) plain: Document,
}

impl Asset {
    fn new(
        folder: &'static str,
        file: &'static str,
        media_type: &'static str,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        let (stem, extension) = file.split_once('.').unwrap_or((file, ""));
        let bytes = bytes.into();
        let hash = fingerprint(&bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        // what is compiled in has no date of its own
        let changed_at = UnixMs::now();
        let page = || Page::new(media_type, bytes.clone());
        let immutable = page().with(header::CACHE_CONTROL, IMMUTABLE);
        Self {
            folder,
            stem,
            hash,
            extension,
            size: bytes.len(),
            immutable: Document::new(immutable, changed_at),
            plain: Document::new(page(), changed_at),
        }
    }

    /// `/assets/public.0123456789abcdef.css`
    pub(super) fn path(&self) -> String {
        format!("{}{}.{}.{}", self.folder, self.stem, self.hash, self.extension)
    }

    /// Whether it is a picture in pixels; what shows links of others takes no SVG.
    pub(super) fn is_raster(&self) -> bool {
        matches!(self.extension, "png" | "jpg" | "webp")
    }

    /// The document, where `file` is this asset's name with its hash.
    pub(super) fn document(&self, file: &str) -> Option<&Document> {
        let rest = file.strip_prefix(self.stem)?.strip_prefix('.')?;
        let (hash, extension) = rest.split_once('.')?;
        (hash == self.hash && extension == self.extension).then_some(&self.immutable)
    }
}

/// All of them.
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) script: Asset,
    pub(super) icon: Asset,
    pub(super) frame_style: Asset,
    pub(super) frame_script: Asset,
    pub(super) embed: Asset,
    pub(super) resize: Asset,
    /// Where one is configured and can be read.
    pub(super) logo: Option<Asset>,
}

impl Assets {
    /// Sets accent and address, hashes, compresses.
    pub(super) fn new(site: &Site, logo: Option<&Path>) -> Self {
        let (light, dark) = readable_accents(&site.accent);
        let coloured = |text: &str| text.replace("ACCENT_LIGHT", &light).replace("ACCENT_DARK", &dark);
        // a JSON string is a JavaScript string; its < is escaped
        let origin = serde_json::Value::from(site.public_url.as_str()).to_string();
        let origin = crate::publish::json::escape_json(&origin);
        let addressed = |text: &str| text.replace("INSTANCE_URL", &origin);
        Self {
            style: Asset::new(
                "/assets/",
                "public.css",
                CSS,
                coloured(include_str!("../static/public/public.css")),
            ),
            script: Asset::new(
                "/assets/",
                "public.js",
                JAVASCRIPT,
                include_str!("../static/public/public.js").to_owned(),
            ),
            icon: Asset::new(
                "/assets/",
                "icon.svg",
                SVG,
                coloured(include_str!("../static/public/icon.svg")),
            ),
            frame_style: Asset::new(
                "/assets/",
                "frame.css",
                CSS,
                coloured(include_str!("../static/public/frame.css")),
            ),
            frame_script: Asset::new(
                "/assets/",
                "frame.js",
                JAVASCRIPT,
                include_str!("../static/public/frame.js").to_owned(),
            ),
            embed: Asset::new(
                "/embed/",
                "v1.js",
                JAVASCRIPT,
                addressed(include_str!("../static/public/v1.js")),
            ),
            resize: Asset::new(
                "/embed/v1/",
                "resize.js",
                JAVASCRIPT,
                addressed(include_str!("../static/public/resize.js")),
            ),
            logo: logo.and_then(read_logo),
        }
    }
}

/// The logo; a file that cannot be one is reported and left out: the news matters more.
fn read_logo(path: &Path) -> Option<Asset> {
    const MAX_BYTES: usize = 512 * 1024;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let (file, media_type) = match extension.to_ascii_lowercase().as_str() {
        "svg" => ("logo.svg", SVG),
        "png" => ("logo.png", "image/png"),
        "webp" => ("logo.webp", "image/webp"),
        "jpg" | "jpeg" => ("logo.jpg", "image/jpeg"),
        _ => {
            tracing::warn!("society.logo: {} is not an .svg, .png, .webp or .jpg file", path.display());
            return None;
        }
    };
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() <= MAX_BYTES => Some(Asset::new("/assets/", file, media_type, bytes)),
        Ok(bytes) => {
            let size = bytes.len() / 1024;
            tracing::warn!("society.logo: {} has {size} KiB; at most 512 are shown", path.display());
            None
        }
        Err(error) => {
            tracing::warn!("society.logo: cannot read {}: {error}", path.display());
            None
        }
    }
}

/// `/assets/{stem}.{hash}.{extension}`
pub(super) async fn file(
    State(app): State<AppState>,
    parameters::Path(file): parameters::Path<String>,
    headers: HeaderMap,
) -> Result<Response, PublicError> {
    let assets = &app.public.assets;
    let all = [&assets.style, &assets.script, &assets.icon, &assets.frame_style, &assets.frame_script];
    let found = all.into_iter().chain(&assets.logo).find_map(|asset| asset.document(&file));
    Ok(found.ok_or(PublicError::NotFound)?.answer(&headers))
}

/// `/favicon.ico`, which browsers ask for without being told.
pub(super) async fn icon(State(app): State<AppState>, headers: HeaderMap) -> Response {
    app.public.assets.icon.plain.answer(&headers)
}
