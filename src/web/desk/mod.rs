//! The editors' desk.

use super::{Access, Route};

mod assets;

/// The desk's lines of the list.
pub fn routes() -> Vec<Route> {
    use Access::Anyone;
    vec![
        Route::get("/desk/static/{file}", Anyone, assets::file),
        Route::get("/desk/accent.css", Anyone, assets::accent),
    ]
}
