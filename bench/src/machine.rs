//! The machine that the numbers are of. Linux tells; elsewhere the places stay empty.

use std::fs;
use std::process::Command;
use std::time::Duration;

/// Processor, system and compiler in one line.
pub(crate) fn facts() -> String {
    let cpu_info = read("/proc/cpuinfo");
    let model =
        cpu_info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map(|(_, name)| name);
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    format!(
        "{} ({cpus} CPUs), Linux {}, {}. Load average at the start: {}.",
        model.unwrap_or(" unknown processor").trim(),
        read("/proc/sys/kernel/osrelease").trim(),
        String::from_utf8_lossy(&rustc).trim(),
        load_average(),
    )
}

/// How busy the machine was in the last minute.
pub(crate) fn load_average() -> String {
    read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned()
}

/// What this process has used of the processors so far, all threads together.
pub(crate) fn processor_time() -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanos = threads.filter_map(|thread| {
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// What the processes have used that this one started and saw end, and those that they did.
pub(crate) fn processor_time_of_children() -> Duration {
    // The name of the program stands in parentheses and may hold anything; two times follow it as the 14th and 15th
    // number, in hundredths of a second.
    let stat = read("/proc/self/stat");
    let numbers = stat.rsplit_once(')').map(|(_, numbers)| numbers).unwrap_or_default();
    let ticks: u64 = numbers.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
