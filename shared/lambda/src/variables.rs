//! The environment variables of the functions: the one list of them. Code reads a variable by its row; the README's tables are
//! written from the rows (`make lists`), and the template and the local stack are held to them.

/// An environment variable and its value where it is unset or empty.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// The name.
    pub name: &'static str,
    /// The default; empty where there is none.
    pub default: &'static str,
}

/// The default of a variable as a table shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Functions do not start without the variable.
    Required,
    /// Functions that send to queues do not start without the variable.
    RequiredToSend,
    /// The variable may be absent.
    None,
    /// The default itself.
    Value,
}

/// A row of the README's tables.
#[derive(Debug)]
pub struct Row {
    /// The variable.
    pub variable: Variable,
    /// The text that the table shows as its default.
    pub default: Default,
    /// The meaning for README.md.
    pub english: &'static str,
    /// The meaning for README.zh-CN.md.
    pub chinese: &'static str,
}

macro_rules! variables {
    ($($name:ident: $shown:ident $default:literal, $english:literal, $chinese:literal;)+) => {
        $(#[doc = $english] pub const $name: Variable = Variable { name: stringify!($name), default: $default };)+

        /// Every variable, in the order of the README.
        pub const VARIABLES: &[Row] = &[$(Row {
            variable: $name,
            default: Default::$shown,
            english: $english,
            chinese: $chinese,
        }),+];
    };
}

variables! {
    DATABASE_URL: Required "",
        "`mysql://user:password@host:3306/database`; percent-encode other characters than letters and digits; TLS by `?ssl-mode=VERIFY_IDENTITY&ssl-ca=…`",
        "`mysql://user:password@host:3306/database`；字母和数字以外的字符须做百分号编码；启用 TLS：`?ssl-mode=VERIFY_IDENTITY&ssl-ca=…`";
    DATABASE_SECRET: None "",
        "ARN of a secret of Secrets Manager with the members `username` and `password`, read when an instance starts; `DATABASE_URL` then names no user",
        "Secrets Manager 中一个密钥的 ARN，其成员为 `username` 和 `password`，实例启动时读取；此时 `DATABASE_URL` 不写用户";
    DATABASE_SECRET_VERSION: None "",
        "version id of that secret; the current one by default",
        "该密钥的版本 id；默认为当前版本";
    DATABASE_CONNECTIONS: Value "1",
        "connections that a process holds at most, for each invocation that it may have at once",
        "一个进程最多占用的数据库连接数，按每个可能同时进行的调用计";
    DATABASE_TIMEOUT_MS: Value "20000",
        "bound of one unit of work; less when the invocation ends before",
        "一个工作单元的时限；调用更早结束时相应缩短";
    DATABASE_ROWS_URL: None "",
        "for `database-migrate`: the URL that the functions use; the migration makes its user, with rights on rows only",
        "供 `database-migrate` 使用：各函数所用的 URL；迁移会创建其中的用户，只授予读写行的权限";
    DATABASE_ROWS_SECRET: None "",
        "as `DATABASE_SECRET`, for `DATABASE_ROWS_URL`",
        "同 `DATABASE_SECRET`，用于 `DATABASE_ROWS_URL`";
    DATABASE_ROWS_SECRET_VERSION: None "",
        "as `DATABASE_SECRET_VERSION`, for `DATABASE_ROWS_URL`",
        "同 `DATABASE_SECRET_VERSION`，用于 `DATABASE_ROWS_URL`";
    GM_TASK_QUEUE: RequiredToSend "",
        "where a job's messages go: a queue URL, or `job=url,job=url`",
        "作业消息的去向：一个队列 URL，或 `job=url,job=url`";
    TASK_QUEUES: None "",
        "task queues that may be in mode `sqs`, `name,name`: each has an SQS queue",
        "可以使用 `sqs` 模式的任务队列，`name,name`：每个都有一个 SQS 队列";
    TASK_QUEUE_URL: None "",
        "what the URLs of these SQS queues begin with, up to the name",
        "这些 SQS 队列的 URL 的开头部分，直到名称为止";
    PUSH_QUEUE_URL: None "",
        "URL of the queue of `task-push`: functions that end a task with a callback, or make a run of a queue in mode `push` due, send messages there; without it the sweeper sends them within a minute",
        "`task-push` 队列的 URL：有些函数会结束带回调的任务，或使 `push` 模式队列的运行到期，它们向该队列发送消息；未设置时由 sweeper 在一分钟内补发";
    TARGET_HOSTS: None "",
        "hosts that pushed runs and callbacks may call: names, `*.name`, addresses, `address/bits`, separated by commas; private addresses are reached only where they are named",
        "允许推送与回调的主机：主机名、`*.name`、地址、`address/bits`，以逗号分隔；私有地址只有列出后才会访问";
    TARGET_SECRETS: None "",
        "where the secrets of targets are: the beginning of their names in Secrets Manager, or `file:PATH` of a JSON object",
        "推送与回调密钥的位置：Secrets Manager 中密钥名称的前缀，或 JSON 对象文件 `file:PATH`";
    STATION_SOURCE: Value "claim",
        "`claim`: the authorizer names the station; `trusted`: header `X-Station-Id` or parameter `station_id`",
        "`claim`：由授权方指明站点；`trusted`：取请求头 `X-Station-Id` 或参数 `station_id`";
    STATION_CLAIM: Value "station_id",
        "claim of the token with the person's station",
        "令牌中表示人员所属站点的声明";
    OPERATOR_CLAIM: Value "operator",
        "claim that is `true` in the token of an operator, who may name any station",
        "运维人员令牌中值为 `true` 的声明，运维人员可以指定任何站点";
    NAME_CLAIM: Value "name",
        "claim with the person's name, kept as `created_by`",
        "表示人员姓名的声明，保存为 `created_by`";
    CONSOLE_ISSUER: None "",
        "for `console`: issuer (OIDC) that signs people in",
        "供 `console` 使用：为人员登录的签发方（OIDC）";
    CONSOLE_CLIENT_ID: None "",
        "for `console`: client id of the page; without it nobody signs in",
        "供 `console` 使用：页面的客户端 id；不设置则不登录";
    CONSOLE_SCOPES: Value "openid profile",
        "for `console`: scopes that the page asks for",
        "供 `console` 使用：页面请求的 scope";
    CONSOLE_CONNECT: None "",
        "for `console`: further origins that the page may ask, `https://host,https://host`: the issuer's token and key hosts where they differ",
        "供 `console` 使用：页面还可以访问的来源，`https://host,https://host`：签发方的令牌和密钥主机（如果不同）";
    APP_TIME_ZONE: Value "Asia/Shanghai",
        "zone of printed times and of operating cycles",
        "输出时间和运营周期所用的时区";
    PUBLIC_BASE_URL: None "",
        "makes `task_url` absolute",
        "使 `task_url` 成为绝对地址";
    MAX_ORDERS: Value "10000",
        "orders, or other items, in one batch",
        "一个批次中订单（或其他条目）的最大数量";
    CHUNK_SIZE: Value "500",
        "the most items of a chunk (one message, one transaction); a batch of up to twice as many is cut in two halves, or into chunks of 100 where a half would be smaller",
        "一个分块的最大条目数（一条消息、一个事务）；不超过其两倍的批次平分为两块，若一半不足 100 条则按每块 100 条切分";
    LEASE_SECONDS: Value "90",
        "how long a worker owns a chunk; longer than the function may run",
        "worker 占有一个分块的时长；须长于函数的运行时限";
    STATION_CHUNKS: Value "8",
        "chunks of one station that a job's workers work at once, fewer than there are workers; 0: any number",
        "一个作业的各 worker 同时处理同一站点的分块数，应少于 worker 数；0 表示不限";
    RESEND_SECONDS: Value "60",
        "how long after its message was due an open chunk is announced again",
        "未完成的分块在消息到期多久之后再次通知";
    CLAIM_CONCURRENCY: Value "0",
        "instances of `task-claim` that there may be at once: where half of them wait for tasks, a claim that finds none answers at once; 0: any number may wait",
        "`task-claim` 的最大并发实例数：其中一半在等待任务时，取不到任务的请求立即返回；0 表示不限";
    RETENTION_DAYS: Value "0",
        "days for which finished tasks are kept, then they are purged; 0: for ever; 90 in the template",
        "已结束任务的保留天数，之后清除；0 表示永久保留；模板中为 90";
    AWS_LAMBDA_FUNCTION_TIMEOUT: None "0",
        "seconds a function may run, for a runtime that does not say when an invocation ends (the local one)",
        "函数可运行的秒数，用于不告知调用何时结束的运行时（本地运行时）";
    AWS_LAMBDA_MAX_CONCURRENCY: None "0",
        "invocations at once in one process, each on a thread of its own; Lambda sets it on managed instances",
        "一个进程中同时进行的调用数，每个调用各用一个线程；在托管实例上由 Lambda 设置";
    METRICS_NAMESPACE: None "",
        "where CloudWatch metrics belong, one log line an invocation; without it none are written",
        "CloudWatch 指标的命名空间，每次调用写一行日志；不设置则不写";
    LOG_LEVEL: Value "info",
        "`off`, `error`, `warn`, `info`, `debug`, `trace`",
        "`off`、`error`、`warn`、`info`、`debug`、`trace`";
}
