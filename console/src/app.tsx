// The frame: navigation, the choice of a station, and the page in the middle.
import { Component, type ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { reachable } from "./base/client.ts";
import { link, route } from "./base/route.ts";
import { config, session } from "./base/session.ts";
import { language, theme } from "./base/settings.ts";
import { signedIn } from "./base/sign-in.ts";
import { useStore } from "./base/store.ts";
import { ImportPage } from "./pages/import/index.tsx";
import { OverviewPage } from "./pages/overview/index.tsx";
import { QueuesPage } from "./pages/queues/index.tsx";
import { TaskPage } from "./pages/task/index.tsx";
import { TasksPage } from "./pages/tasks/index.tsx";
import { Notes, QuestionDialog } from "./parts/dialog.tsx";
import { Icon, type IconName } from "./parts/icons.tsx";
import { Empty } from "./parts/state.tsx";
import { Looks, SignInPage, StationChooser, Who } from "./parts/who.tsx";
import { t, type Word } from "./words/index.ts";

const PAGES: { name: Word; icon: IconName; operators?: boolean }[] = [
  { name: "overview", icon: "overview" },
  { name: "tasks", icon: "tasks" },
  { name: "import", icon: "import" },
  { name: "queues", icon: "queues", operators: true },
];

export function App() {
  useStore(language);
  useStore(theme);
  const { path } = useStore(route);
  const { operator } = useStore(session);
  const state = useStore(signedIn);
  const page = path[0] ?? "tasks";
  useEffect(() => {
    const known = PAGES.find((one) => one.name === page);
    document.title = known ? `${t(known.name)} · ${t("brand")}` : t("brand");
    scrollTo(0, 0);
  }, [page, language.value]);
  const isIn = !config.value.signIn || state === "yes" || state === "expired";
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.getElementById("content")?.focus())}>{t("skip")}</a>
      <div class="frame">
        <nav class="side" aria-label={t("pages")}>
          <a class="brand" href={link(["tasks"])}><i aria-hidden="true" />{t("brand")}</a>
          {isIn && (
            <ul>
              {PAGES.filter((one) => operator || !one.operators).map((one) => (
                <li key={one.name}>
                  <a href={link([one.name])} aria-current={one.name === page || (one.name === "tasks" && page === "task") ? "page" : undefined}>
                    <Icon name={one.icon} /><span>{t(one.name)}</span>
                  </a>
                </li>
              ))}
            </ul>
          )}
          <div class="below">
            {isIn && operator && <StationChooser />}
            {isIn && config.value.signIn && <Who />}
            <Looks />
          </div>
        </nav>
        <div class="content" id="content" tabIndex={-1}>
          <Banners expired={state === "expired"} />
          <Boundary key={path.join("/")}>{isIn ? <Page name={page} /> : <SignInPage />}</Boundary>
        </div>
      </div>
      <QuestionDialog />
      <Notes />
    </>
  );
}

/** Keeps the frame when a page fails: the person can go elsewhere, or try again. */
class Boundary extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ failed: true });
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return <main><Empty icon="alert" title={t("failureTitle")}>{t("errorBroken")}<p><button class="button" onClick={() => this.setState({ failed: false })}>{t("tryAgain")}</button></p></Empty></main>;
  }
}

function Page({ name }: { name: string }) {
  const { path } = route.value;
  switch (name) {
    case "tasks":
      return <TasksPage />;
    case "task":
      return <TaskPage key={path[1] ?? ""} id={path[1] ?? ""} />;
    case "import":
      return <ImportPage />;
    case "queues":
      return <QueuesPage />;
    case "overview":
      return <OverviewPage />;
    default:
      return <main><Empty icon="alert" title={t("notThere")}><a href={link(["tasks"])}>{t("tasks")}</a></Empty></main>;
  }
}

function Banners({ expired }: { expired: boolean }) {
  const isReachable = useStore(reachable);
  return (
    <>
      {config.value.local && <p class="banner quiet">{t("localBanner")}</p>}
      {!isReachable && <p class="banner warn" role="alert">{t("offline")}</p>}
      {expired && <SignInPage again />}
    </>
  );
}

/** The page could not even read its configuration. */
export function Stopped() {
  return <main class="alone"><Empty icon="alert" title={t("startFailed")}><button class="button" onClick={() => location.reload()}>{t("tryAgain")}</button></Empty></main>;
}
