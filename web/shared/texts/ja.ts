/** Everything the pages say, in Japanese: the default, and the shape that other languages must fill. */
import type { Evidence, Label } from "../labels";
import type { FailureKind } from "../server";

type EvidenceKey = Exclude<Evidence, null> | "none";

const labels: Record<Label, string> = {
  done: "除雪済",
  under_way: "除雪中",
  partly: "一部済",
  aged: "時間経過",
  snowed_over: "再積雪",
  due: "要除雪",
  never: "未作業",
  unknown: "不明",
  closed: "通行止め",
};

/** What stands behind the label where there is room for it. */
const labelNotes: Record<Label, string> = {
  done: "",
  under_way: "",
  partly: "",
  aged: "（除雪後）",
  snowed_over: "（除雪後）",
  due: "",
  never: "（記録なし）",
  unknown: "（端末応答なし）",
  closed: "",
};

const labelMeanings: Record<Label, string> = {
  done: "区間の全体を除雪車が通過しました。",
  under_way: "いま除雪車が作業しています。",
  partly: "区間の一部だけ除雪の記録があります。",
  aged: "除雪から時間がたち、また雪が積もっているおそれがあります。近くに積雪計がありません。",
  snowed_over: "除雪のあと、出動基準に達する雪が降りました。",
  due: "出動基準に達する雪が降ったか、長い時間がたちましたが、除雪が済んでいません。",
  never: "この降雪で除雪の記録がありません。",
  unknown: "除雪車の端末から応答がなく、状況が分かりません。「未作業」ではありません。",
  closed: "道路管理者が通行止めにしています。",
};

const evidence: Record<EvidenceKey, string> = {
  blade: "ブレード確認",
  inferred: "走行から推定",
  reported: "作業報告",
  none: "記録なし",
};

const failures: Record<FailureKind, string> = {
  unreachable: "サーバーに接続できません。通信の状態を確認してください。自動で再接続します。",
  signedOut: "ログインしていません。もう一度ログインしてください。",
  refused: "この情報を見る権限がありません。管理者にお問い合わせください。",
  missing: "お探しの情報は見つかりませんでした。",
  busy: "ただいま混み合っています。しばらくすると自動で表示されます。",
  broken: "サーバーで問題が起きています。しばらくしてからもう一度お試しください。",
};

const roadClasses: Record<string, string> = {
  national: "国道",
  prefectural: "県道",
  main: "幹線市町道",
  local: "市町道",
  ramp: "ランプ",
  frontage: "側道",
  footway: "歩道",
};

const managers: Record<string, string> = { nation: "国", prefecture: "県", city: "市町", municipality: "市町" };

const mapControls: Record<string, string> = {
  "Map.Title": "除雪状況の地図",
  "NavigationControl.ZoomIn": "拡大",
  "NavigationControl.ZoomOut": "縮小",
  "NavigationControl.ResetBearing": "ドラッグで回転、クリックで北を上に",
  "AttributionControl.ToggleAttribution": "出典を表示",
  "Popup.Close": "閉じる",
};

function age(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}秒前`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}分前`;
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${Math.floor(seconds / 3600)}時間${minutes > 0 ? `${minutes}分` : ""}前`;
}

export const ja = {
  languageName: "日本語",
  labels,
  labelNotes,
  labelMeanings,
  evidence,
  failures,
  roadClasses,
  managers,
  mapControls,
  age,
  timeAndAge: (time: string, howOld: string) => `${time}（${howOld}）`,
  unnamedRoad: "名称なし",
  unknownIsNotUncleared: "「不明」は「未作業」ではありません。除雪車の端末から応答がない区間です。",
  close: "閉じる",
  between: "・",
  noMap: "このブラウザーでは地図を表示できません（WebGL 2 が必要です）。",
  legend: "凡例",
  howSure: "確からしさ",
  evidenceMeanings: {
    blade: "ブレード（排土板）の上げ下げを計測",
    inferred: "速度と経路から推定（白い破線）",
    unknown: "端末応答なし（白い点線）",
  },
  signIn: {
    title: "除雪状況マップにログイン",
    purpose: "道路管理者と作業者のためのページです。",
    choose: "パスワードを決める",
    invited: "招待されたアカウントのパスワードを決めてください。この招待は一度だけ使えます。",
    name: "アカウント名",
    password: "パスワード",
    passwordNote: (signs: number) => `${signs}文字以上。長い文や単語の組み合わせが覚えやすく安全です。`,
    signIn: "ログイン",
    choosePassword: "決めてログイン",
    wrong: "アカウント名かパスワードが違います。何度も間違えたときは、数分待ってからもう一度お試しください。",
    byOrganisation: "組織のアカウントでログイン",
    unknownAccount: "この組織アカウントは登録されていません。管理者に招待を頼んでください。",
    organisationFailed: "組織のアカウントでログインできませんでした。もう一度お試しください。",
    invitationOver: "この招待はもう使えません。管理者に新しい招待を頼んでください。",
  },
  dispatch: {
    title: "除雪状況マップ",
    signOut: "ログアウト",
    apiDocs: "API",
    connection: { first: "接続中", live: "受信中", connecting: "再接続中" },
    roadsMissing: "道路の一部を読み込めませんでした。自動で読み込み直します。",
    machines: "稼働",
    machinesOf: (working: number, known: number, silent: number) =>
      `${working}／${known}台${silent > 0 ? `（応答なし${silent}台）` : ""}`,
    fixes: "受信",
    fixesPerSecond: (perSecond: string) => `${perSecond}件/秒`,
    freshness: "反映まで",
    freshnessOf: (p50: string, p99: string) => `${p50}秒（99%: ${p99}秒）`,
    stateAsOf: "道路の状態",
    stateOf: (number: string, time: string) => `第${number}版・${time} 時点`,
    none: "—",
    since: (time: string, segments: string) => `${time} 以降の除雪・全${segments}区間`,
    meanings: "色の意味",
    sureMeaning: "道路の確度（％）は、除雪車がとなりの道ではなくその道路を走ったことの確からしさです。区間を選ぶと表示します。",
    trails: (minutes: number) => `走行軌跡を表示（直近${minutes}分）`,
    trailWorking: "作業",
    trailTravelling: "回送・待機",
    publicView: "住民に見える状態",
    publicLeave: "職員の地図に戻る",
    publicAsOf: (time: string, howOld: string) => `住民に見える状態：${time} 時点（${howOld}）。除雪車の位置と軌跡は公開していません。`,
    publicNothingYet: "住民に見える情報はまだありません。",
    publicSince: (time: string, segments: string) => `公開情報 ${time} 時点・全${segments}区間`,
    footway: "歩道",
    bridge: "橋",
    tunnel: "トンネル",
    machineList: "除雪車一覧",
    routeList: "路線",
    routeStates: { under_way: "作業中", begun: "一部済", waiting: "未着手", again: "再除雪", done: "完了", closed: "通行止め" },
    routeStateOf: (state: string, count: number) => `${state}（${count}）`,
    routesOf: (count: number, overdue: number, since: string) =>
      `${since} 以降・${count}路線${overdue > 0 ? `・遅れ ${overdue}路線` : ""}`,
    moreRoutes: "ここにない路線もあります。",
    noRoutes: "路線がありません。",
    routeDone: (percent: number) => `${percent}%`,
    routeProgress: (name: string) => `${name}の進み具合`,
    leftOf: (km: string) => `残り ${km} km`,
    machinesOnRoute: (count: number) => `${count}台作業中`,
    doneBetween: (early: string, late: string) => `完了見込み ${early}〜${late}`,
    doneFrom: (early: string) => `完了見込み ${early} 以降`,
    confidenceOf: { none: "", low: "確度 低", medium: "確度 中", high: "確度 高" },
    overdue: "遅れ",
    dueAt: (time: string) => `期限 ${time}`,
    stateAndAge: (state: string, howOld: string) => `${state}・${howOld}`,
    machineListHint: "選ぶと地図がその除雪車へ移動します。",
    noMachines: "除雪車の位置はまだ届いていません。",
    machineStates: { working: "作業中", travelling: "回送・待機", unsure: "作業状態不明", silent: "応答なし" },
    device: "端末",
    agency: "所属",
    state: "状態",
    lastFix: "最終測位",
    speed: "速度",
    speedOf: (kmh: string) => `${kmh} km/h`,
    course: "進行方向",
    courseOf: (degrees: number) => `${degrees}°（${compass(degrees, "北 北東 東 南東 南 南西 西 北西")}）`,
    onSegment: "走行区間",
    segmentNumber: (id: number) => `区間 ${id}`,
    dailyReport: "除雪作業日報",
    reportDay: (day: string) => `${day} の日報`,
    excel: "Excel で開く",
    json: "JSON",
    loading: "読み込み中…",
    route: "路線",
    roadClass: "種別",
    manager: "管理者",
    length: "延長",
    directions: "方向別",
    direction: (direction: number): string => (direction > 0 ? "起点 → 終点" : direction < 0 ? "終点 → 起点" : "双方向"),
    covered: (share: number) => `除雪済み ${share}%`,
    doneAt: "完了",
    lastPass: "最後の通過",
    lastPassOf: (time: string, evidenceText: string, sure: string) => `最後の通過 ${time}・${evidenceText}・道路の確度 ${sure}`,
    passes: "通過",
    passesOf: (count: number) => `${count}回`,
    evidenceName: "根拠",
    asOf: "除雪済の時点",
    sure: "道路の確度",
    sureOf: (percent: number) => `${percent}%`,
    spread: "凍結防止剤散布",
    spreadOf: (count: number, time: string) => `${count}回・最後 ${time}`,
    directionUnknown: "方向不明（どちらの方向にも数えません）",
    closedUntil: (from: string, until: string | null, reason: string) => `通行止め ${from}〜${until ?? "当面の間"}（${reason}）`,
  },
  docs: { title: "snowtrack API", back: "除雪状況マップへ戻る" },
  portal: {
    title: "除雪状況",
    lead: "道路ごとの除雪状況",
    search: "道路名で探す（かな・ローマ字でも）",
    searchHint: "例：雪町通り、ゆきまち",
    near: "近くの道路",
    locating: "現在地を調べています…",
    placeRefused: "現在地の利用が許可されていません。ブラウザーの設定を確認するか、道路名で探してください。",
    placeUnknown: "現在地が分かりませんでした。道路名で探してください。",
    byClass: "道路の種別ごとの除雪済み",
    progressOf: (name: string) => `${name}の除雪済みの割合`,
    doneOf: (done: string, total: string) => `${done}/${total} km`,
    legend: "色と確からしさの見方",
    map: "地図を見る",
    back: "一覧に戻る",
    wholeMap: "全体を表示",
    cut: (time: string) => `${time} 時点（数分ごとに自動更新）`,
    noCut: "除雪の情報はまだありません。",
    old: (age: string) => `最新の情報を受け取れていません（${age}の情報です）。実際の状況と異なるおそれがあります。`,
    shownIsOld: "前回受け取った情報を表示しています。",
    loading: "読み込んでいます…",
    roadsMissing: "道路の一部を読み込めませんでした。自動で読み込み直します。",
    noRoads: "表示できる道路がまだありません。",
    mainRoads: "主な道路から順に表示しています。",
    found: (query: string, count: number, more: boolean) => `「${query}」に当てはまる道路：${count}件${more ? "以上" : ""}`,
    foundNear: (count: number, more: boolean) => `近くの道路（1 km以内）：${count}件${more ? "以上" : ""}`,
    nothingFound: (query: string) => `「${query}」に当てはまる道路は見つかりませんでした。`,
    nothingNear: "1 km以内に道路が見つかりませんでした。",
    more: "もっと見る",
    roadState: (done: string, total: string, label: string) => `${label} ${done}/${total} km`,
    roadDetail: (time: string) => `（${time}頃）`,
    expected: (from: string, until: string, sureness: string) => `完了見込み ${from}〜${until}（確度 ${sureness}）`,
    away: (metres: string) => `約${metres} m`,
    lastWorked: (from: number, until: number | undefined, time: string) => `最後の作業：${howLong(from, until)}（${time}時点）`,
    sureness: (sureness: string) => `確からしさ：${sureness}`,
    surenessOf: { low: "低", medium: "中", high: "高" },
    sureMeaning: "確からしさが中以上",
    unsureMeaning: "確からしさが低い（白い破線）",
    showOnMap: (name: string) => `${name}を地図で見る`,
    about: "時刻は5分単位に丸めています。除雪車の位置や作業者は公開していません。現在地は約10 mに丸めて検索にだけ使い、保存しません。通行の際は実際の路面状況にご注意ください。",
  },
};

/** In minutes; nothing is the upper end of the last step. */
function howLong(from: number, until: number | undefined): string {
  if (until === undefined) return `${from / 60}時間以上前`;
  return from === 0 ? `${until / 60}時間以内` : `${from / 60}〜${until / 60}時間前`;
}

function compass(degrees: number, names: string): string {
  return names.split(" ")[Math.round(degrees / 45) % 8] ?? "";
}

export type Texts = typeof ja;
