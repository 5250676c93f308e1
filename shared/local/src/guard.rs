//! Makes sure that the processes we started never outlive us, however we die.
//!
//! A small shell holds the other end of a pipe and a list of our processes. When we end, even by SIGKILL, the
//! pipe closes and the shell ends what is still on its list. (The kernel's parent-death signal would need unsafe
//! code, and fires when the starting thread ends, not the process.)

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::Pid;

use crate::error::{LocalError, Result};

const SCRIPT: &str = r#"
trap '' INT TERM HUP
list=
while read -r verb entry; do
  case $verb in
    watch) list="$list $entry" ;;
    forget) left=; for each in $list; do [ "$each" = "$entry" ] || left="$left $each"; done; list=$left ;;
  esac
done
for entry in $list; do kill -s KILL -- "-$entry"; done 2>/dev/null
"#;

/// The watching shell; dropping it ends everything still watched.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Mutex<Child>,
}

impl Guard {
    /// Starts the watching shell.
    pub(crate) fn start() -> Result<Self> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| LocalError::part("/bin/sh", error))?;
        Ok(Self {
            shell: Mutex::new(shell),
        })
    }

    /// Kills this process's group when we die.
    pub(crate) fn watch(&self, pid: Pid) {
        self.say("watch", pid);
    }

    /// Forgets a process that has ended: its number may soon be another's.
    pub(crate) fn forget(&self, pid: Pid) {
        self.say("forget", pid);
    }

    fn say(&self, verb: &str, pid: Pid) {
        let line = format!("{verb} {}\n", pid.as_raw_nonzero());
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = shell.stdin.as_mut() {
            // A shell that somebody killed watches nothing; that is no reason to stop working.
            let _ = pipe.write_all(line.as_bytes());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}
