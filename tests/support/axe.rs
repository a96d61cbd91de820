//! axe-core (npm), where the folder that `PERFUSE_CLIENTS` names has it as `node_modules/axe-core/axe.min.js`.

/// What axe finds wrong, as `rule: what (where)`.
pub(crate) const AXE: &str = "const done = arguments[0]; axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', \
    'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }).then(r => done(r.violations.map(v => v.id + ': ' + v.help + \
    ' (' + v.nodes.map(n => n.target + ' ' + n.failureSummary).slice(0, 3).join(' | ') + ')')), e => done(['axe: ' + e]))";

/// The script that makes `axe` in a page; a miss is said aloud, and is an error in CI.
pub(crate) fn axe() -> Option<String> {
    let path = std::env::var_os("PERFUSE_CLIENTS")
        .map(|folder| std::path::Path::new(&folder).join("node_modules/axe-core/axe.min.js"));
    let script = path.and_then(|path| std::fs::read_to_string(path).ok());
    if script.is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no axe-core in PERFUSE_CLIENTS");
        eprintln!("skipped: axe-core (PERFUSE_CLIENTS names no folder with it)");
    }
    script
}
