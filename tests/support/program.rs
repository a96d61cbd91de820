//! The program as an operator runs it: the real binary in a folder of its own, with its own file and variables.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::literature::Literature;

/// A loaded machine may need this long for what takes a second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const BINARY: &str = env!("CARGO_BIN_EXE_perfuse");

/// A machine: a folder with the operator's file, and the variables that are set.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
    wrapper: Vec<String>,
}

impl Place {
    /// A machine where nothing runs yet, watching `sources` (TOML); with `literature`, PubMed is there.
    pub(crate) fn new(sources: &str, literature: Option<&Literature>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let eutils = literature.map_or("http://eutils.invalid/".to_owned(), |all| all.url("/eutils/"));
        std::fs::write(folder.path().join("sources.toml"), sources).unwrap();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[society]\nname = \"A Made-up Society\"\n[fetch]\n\
             allow_networks = [\"127.0.0.0/8\"]\nhost_spacing_ms = 0\n[ncbi]\nbase_url = {eutils:?}\n\
             api_key = \"made-up\"\n[worker]\njitter_seconds = 0\n[watch]\nenabled = false\n[sources]\nfile = \"sources.toml\"\n",
        );
        std::fs::write(folder.path().join("perfuse.toml"), text).unwrap();
        let env = [("PERFUSE_CONFIG".to_owned(), "perfuse.toml".to_owned())].into();
        Self { folder, env, wrapper: Vec::new() }
    }

    /// Sets a variable for everything that runs here from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What the program is started through from now on, such as `sh -c 'ulimit …; exec "$@"' sh`; empty for nothing.
    pub(crate) fn start_through(&mut self, wrapper: &[&str]) -> &mut Self {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// A path in the folder that is the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("data/perfuse.db")
    }

    /// A command that is not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut words =
            self.wrapper.iter().map(String::as_str).chain([BINARY]).chain(arguments.iter().copied());
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(self.folder.path()).env_clear().envs(&self.env);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap(), arguments)
    }

    /// Starts `serve` and waits until it says where to look; gives back how it ended if it ends before.
    pub(crate) fn try_serve(&self, arguments: &[&str]) -> Result<Program, Ended> {
        let arguments: Vec<&str> = ["serve"].iter().chain(arguments).copied().collect();
        let mut command = self.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        let mut program = Program { child, out, err };
        let deadline = Instant::now() + PATIENCE;
        while !program.out.text().contains("Stop with Ctrl-C.") {
            if let Some(status) = program.child.try_wait().unwrap() {
                return Err(program.ended(status));
            }
            assert!(Instant::now() < deadline, "serve says nothing: {}", program.err.text());
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(program)
    }

    pub(crate) fn serve(&self, arguments: &[&str]) -> Program {
        self.try_serve(arguments).unwrap_or_else(|ended| panic!("serve ended: {ended:?}"))
    }

    /// Makes an account with the command; the path of its one-time link.
    pub(crate) fn invite(&self, email: &str, role: &str) -> String {
        let added = self.run(&["user", "add", email, "--role", role]).done();
        let link = added.out.split_whitespace().find_map(|word| word.split_once("/desk/link/"));
        format!("/desk/link/{}", link.unwrap_or_else(|| panic!("no link in {added:?}")).1)
    }
}

/// A command that ran.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) what: String,
    /// `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn of(output: Output, arguments: &[&str]) -> Self {
        Self {
            what: arguments.join(" "),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It must have ended with 0.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}: {self:#?}", self.what);
        self
    }

    /// It must have ended with `code` and a message on standard error that holds each of `words`, no panic among it.
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not told: {self:#?}");
        }
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }
}

/// A service that runs; killed when dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) out: Lines,
    pub(crate) err: Lines,
}

impl Program {
    /// `http://address` of the website.
    pub(crate) fn url(&self) -> String {
        let out = self.out.text();
        let line = out.lines().find_map(|line| line.trim().strip_prefix("website"));
        line.unwrap_or_else(|| panic!("no website in {out}")).trim().trim_end_matches('/').to_owned()
    }

    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.url().trim_start_matches("http://").parse().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success(), "cannot send {name}");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self, longest: Duration) -> Ended {
        let deadline = Instant::now() + longest;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.ended(status);
            }
            assert!(Instant::now() < deadline, "still there after {longest:?}: {}", self.err.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it in order.
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.wait(PATIENCE).done()
    }

    fn ended(&mut self, status: ExitStatus) -> Ended {
        let (out, err) = (self.out.whole(), self.err.whole());
        Ended { what: "serve".into(), code: status.code(), out, err }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program says, read as it comes so that it never waits for us.
pub(crate) struct Lines {
    text: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let into = text.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut text = into.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self { text, reader: Some(reader) }
    }

    pub(crate) fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.text()
    }
}

/// Waits until `answer` gives something.
pub(crate) fn wait_until<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One number from a database, beside whoever has it open.
pub(crate) fn count(database: &Path, sql: &str) -> i64 {
    look(database, sql)
}

/// One value from a database, beside whoever has it open.
pub(crate) fn look<T: rusqlite::types::FromSql>(database: &Path, sql: &str) -> T {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.busy_timeout(PATIENCE).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Whether a tool of the system is there and does `arguments`; says aloud what is skipped otherwise.
pub(crate) fn can(tool: &str, arguments: &[&str], story: &str) -> bool {
    let works = Command::new(tool).args(arguments).output().is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: {story} ({tool} {} does not work here)", arguments.join(" "));
    }
    works
}
