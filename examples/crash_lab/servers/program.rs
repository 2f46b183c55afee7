//! Programs of servers: where they are, as whom they run, how they end.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rand::Rng as _;
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// Where Debian puts servers, for users who do not have it in their PATH.
const MORE_PLACES: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The file of a program.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(MORE_PLACES.map(PathBuf::from));
    places.map(|place| place.join(name)).find(|file| file.is_file())
}

/// Whom servers run as: databases refuse to run as root.
pub enum Owner {
    Ourselves,
    User { uid: u32, gid: u32 },
}

impl Owner {
    pub fn of_servers() -> io::Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let user = |name| users.lines().find_map(|line| ids(line, name));
        let user = user("postgres").or_else(|| user("nobody"));
        user.ok_or_else(|| {
            io::Error::other("there is no user postgres or nobody to run servers; do not run this as root")
        })
    }

    /// A directory for a server.
    pub fn directory(&self, home: &Path, name: &str) -> io::Result<PathBuf> {
        let directory = home.join(name);
        fs::create_dir(&directory)?;
        if let Self::User { uid, gid } = self {
            chown(&directory, Some(*uid), Some(*gid))?;
        }
        Ok(directory)
    }

    /// Runs a program as the owner, silently, out of reach of the terminal's Ctrl-C.
    pub fn command(&self, program: &Path, directory: &Path) -> Command {
        // The server ends with us even if we are killed, where there is a program for that.
        let mut command = match find("setpriv") {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "QUIT"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        if let Self::User { uid, gid } = self {
            command.uid(*uid).gid(*gid);
        }
        command
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        command
    }
}

/// The ids in a line of `/etc/passwd`, if it is this user's.
fn ids(line: &str, name: &str) -> Option<Owner> {
    let mut fields = line.split(':');
    if fields.next()? != name {
        return None;
    }
    Some(Owner::User { uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

/// A running server; it ends with this.
pub struct Server {
    child: Child,
    ends_by: Signal,
}

impl Server {
    pub fn start(command: &mut Command, ends_by: Signal) -> io::Result<Self> {
        Ok(Self { child: command.spawn()?, ends_by })
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Nothing, if it has ended: its number may be another's by now.
    pub fn signal(&mut self, signal: Signal) {
        if self.is_running() {
            kill_process(Pid::from_child(&self.child), signal).ok();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(self.ends_by);
        // One that stands still would never hear of it otherwise.
        self.signal(Signal::CONT);
        self.child.wait().ok();
    }
}

/// A port below the ephemeral range, so that no outgoing connection takes it between here and the server.
pub fn free_port() -> u16 {
    loop {
        let port = rand::rng().random_range(15_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
