//! Reading the members of a schedule.

use jiff::tz::TimeZone;
use task_service::Result;
use task_service::tasks::schedules::{MOST_CHARACTERS, ScheduleChange, ScheduledTask};
use task_store::schedules::{Misfire, ScheduleFilter, ScheduleName};

use super::{Parameter, Parameters, shown};

impl Parameter<'_> {
    /// Reads the name of a schedule.
    pub fn schedule_name(self) -> Result<ScheduleName> {
        let text = self.scalar()?;
        ScheduleName::parse(&text).ok_or_else(|| {
            let max = ScheduleName::MAX;
            self.invalid(&format!(
                "must be 1 to {max} of the characters A-Z a-z 0-9 . _ -, not {}",
                shown(&text)
            ))
        })
    }
}

impl Parameters<'_> {
    /// Reads the members of a schedule that are to be set; times in its task are in a zone.
    pub fn schedule(&self, zone: &TimeZone) -> Result<ScheduleChange> {
        let text = |name, max| self.optional(name, |text: Parameter<'_>| text.text(max));
        let task = self.optional("task", Parameter::object)?;
        let task = task.map(|task| {
            let members = Parameters::parse("", Some("application/json"), task.get())?;
            ScheduledTask::of(&members.new_task(zone)?)
        });
        Ok(ScheduleChange {
            cron: text("cron", MOST_CHARACTERS)?.map(Into::into),
            time_zone: text("time_zone", 64)?.map(Into::into),
            misfire: self.optional("misfire", |word| word.one_of(&Misfire::WORDS))?,
            enabled: self.optional("enabled", Parameter::flag)?,
            task: task.transpose()?,
        })
    }

    /// Reads which schedules a list shows.
    pub fn schedule_filter(&self) -> Result<ScheduleFilter> {
        Ok(ScheduleFilter {
            station: self.optional("station_id", Parameter::station_id)?,
            after: self.optional("after", Parameter::schedule_name)?,
        })
    }
}
