//! `perfuse user`: the people at the desk. There is no open set-up page; the first admin is made here.

use anyhow::{Context, bail};
use clap::Subcommand;

use super::say;
use super::table::Table;
use crate::app;
use crate::config::Settings;
use crate::domain::editor::{Editor, Role};
use crate::domain::time::{HOUR_MS, UnixMs};
use crate::domain::token::Token;
use crate::store::{LinkPurpose, Store};

/// Arguments of `user`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make an account; prints a link, good for one use, where its owner sets the password
    Add {
        /// Mail address, the sign-in name
        email: String,
        /// What they may do: a viewer reads the desk, an editor decides, an admin also manages people and sources
        #[arg(long, value_parser = parse_role, default_value = "editor")]
        role: Role,
        /// Let the service send the link by mail instead of printing it
        #[arg(long)]
        mail: bool,
    },
    /// Print a new one-time link; earlier links stop working, the password stays until the link is used
    Reset {
        /// Mail address
        email: String,
        /// Let the service send the link by mail instead of printing it
        #[arg(long)]
        mail: bool,
    },
    /// Shut an account out at once: its sessions and links end
    Disable {
        /// Mail address
        email: String,
    },
    /// Let a disabled account in again
    Enable {
        /// Mail address
        email: String,
    },
    /// Show all accounts
    List,
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "one of viewer, editor, admin".to_owned())
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    /// An address that is taken, unknown or none, the last admin, or the database's.
    pub async fn run(self, global: &super::Global) -> anyhow::Result<()> {
        let (loaded, _) = global.load_configuration()?;
        let settings = loaded.settings;
        let store = Store::open(&app::database_path(&settings)).await?;
        let now = UnixMs::now();
        match self.act {
            Act::Add { email, role, mail } => {
                check_address(&email)?;
                check_mail(&settings, mail)?;
                let editor = store.add_editor(&email, role, None, now).await?;
                give_link(&store, &settings, &editor, LinkPurpose::Invite, mail).await?;
            }
            Act::Reset { email, mail } => {
                check_mail(&settings, mail)?;
                let editor = store.editor_by_email(&email).await?;
                let editor = editor.with_context(|| format!("there is no account {email}"))?;
                if editor.disabled {
                    bail!("{email} is disabled; `perfuse user enable {email}` first");
                }
                give_link(&store, &settings, &editor, LinkPurpose::Reset, mail).await?;
            }
            Act::Disable { email } => {
                store.set_disabled(&email, true, None, now).await?;
                say(format_args!("{email} is shut out.\n"))?;
            }
            Act::Enable { email } => {
                store.set_disabled(&email, false, None, now).await?;
                say(format_args!("{email} may sign in again.\n"))?;
            }
            Act::List => say(format_args!("{}", describe(&store.editors().await?)))?,
        }
        store.close().await;
        Ok(())
    }
}

fn check_address(email: &str) -> anyhow::Result<()> {
    let plausible = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !email.contains(char::is_whitespace) && email.len() <= 254
    });
    if !plausible {
        bail!("{email:?} is no mail address");
    }
    Ok(())
}

/// Before anything is done.
fn check_mail(settings: &Settings, mail: bool) -> anyhow::Result<()> {
    if mail && !settings.mail.is_on() {
        bail!("--mail needs a mail server: set mail.host, or leave --mail away and pass the printed link on");
    }
    Ok(())
}

async fn give_link(
    store: &Store,
    settings: &Settings,
    editor: &Editor,
    purpose: LinkPurpose,
    mail: bool,
) -> anyhow::Result<()> {
    let now = UnixMs::now();
    let hours = settings.desk.link_hours;
    let expires_at = now.plus_ms(i64::from(hours) * HOUR_MS);
    if mail {
        store.enqueue_link(editor.id, purpose, expires_at, now).await?;
        return say(format_args!("The running service sends a one-time link to {}.\n", editor.email));
    }
    let token = Token::generate()?;
    store.add_link(editor.id, token.hash(), purpose, expires_at, now).await?;
    let url = settings.server.public_url_at(settings.server.listen);
    say(format_args!(
        "{} ({}) sets the password here; the link works once, for {hours} hours:\n",
        editor.email,
        editor.role.as_str()
    ))?;
    say(format_args!("  {url}/desk/link/{}\n", token.to_text()))?;
    Ok(())
}

fn describe(editors: &[Editor]) -> String {
    let mut table = Table::new(&["address", "role", "state"]);
    for editor in editors {
        let state = match (editor.disabled, editor.has_password) {
            (true, _) => "disabled",
            (_, true) => "active",
            _ => "invited",
        };
        table.add([editor.email.clone(), editor.role.as_str().to_owned(), state.to_owned()]);
    }
    table.to_string()
}
