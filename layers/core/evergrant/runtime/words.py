"""What our own pages tell people: those on a pop-up's way and at the end of a link. The modal has texts of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evergrant.runtime.requests import header

FALLBACK = "en"
_RIGHT_TO_LEFT = frozenset({"ar"})
_REVERSING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT_LETTER = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
_WORDS = {
    "en": {
        "moment": "One moment",
        "connecting": "Connecting",
        "lost": "The connection was lost. Close this window and try again.",
        "again": "Close this window and begin again.",
        "go_on": "Continue",
        "may_close": "You can close this window.",
        "failed": "This did not work",
        "reference": "Reference {id}",
        "connected": "Connected",
        "is_connected": "The app is connected.",
        "not_connected": "Not connected",
        "refused": "The app was not connected: access was denied there, or it answered with an error.",
        "ask": "Connect {app}?",
        "asks": "{shop} asks to connect an account at {app} for {user}. "
        "Go on only if that is you and you have just asked for it.",
    },
    "de": {
        "moment": "Einen Moment",
        "connecting": "Wird verbunden",
        "lost": "Die Verbindung ist abgebrochen. Schließen Sie dieses Fenster und versuchen Sie es erneut.",
        "again": "Schließen Sie dieses Fenster und beginnen Sie von vorn.",
        "go_on": "Weiter",
        "may_close": "Sie können dieses Fenster schließen.",
        "failed": "Das hat nicht geklappt",
        "reference": "Referenz {id}",
        "connected": "Verbunden",
        "is_connected": "Die App ist verbunden.",
        "not_connected": "Nicht verbunden",
        "refused": "Die App wurde nicht verbunden: Der Zugriff wurde dort abgelehnt, oder sie meldete einen Fehler.",
        "ask": "{app} verbinden?",
        "asks": "{shop} möchte ein Konto bei {app} für {user} verbinden. "
        "Fahren Sie nur fort, wenn Sie das sind und es gerade selbst wollten.",
    },
    "fr": {
        "moment": "Un instant",
        "connecting": "Connexion en cours",
        "lost": "La connexion a été perdue. Fermez cette fenêtre et réessayez.",
        "again": "Fermez cette fenêtre et recommencez.",
        "go_on": "Continuer",
        "may_close": "Vous pouvez fermer cette fenêtre.",
        "failed": "Cela n'a pas fonctionné",
        "reference": "Référence {id}",
        "connected": "Connecté",
        "is_connected": "L'application est connectée.",
        "not_connected": "Non connecté",
        "refused": "L'application n'a pas été connectée : l'accès y a été refusé, ou elle a répondu par une erreur.",
        "ask": "Connecter {app} ?",
        "asks": "{shop} demande à connecter un compte {app} pour {user}. "
        "Ne continuez que si c'est vous et que vous venez de le demander.",
    },
    "es": {
        "moment": "Un momento",
        "connecting": "Conectando",
        "lost": "Se perdió la conexión. Cierre esta ventana e inténtelo de nuevo.",
        "again": "Cierre esta ventana y empiece de nuevo.",
        "go_on": "Continuar",
        "may_close": "Puede cerrar esta ventana.",
        "failed": "No funcionó",
        "reference": "Referencia {id}",
        "connected": "Conectada",
        "is_connected": "La aplicación está conectada.",
        "not_connected": "No conectada",
        "refused": "La aplicación no se conectó: allí se denegó el acceso o respondió con un error.",
        "ask": "¿Conectar {app}?",
        "asks": "{shop} pide conectar una cuenta de {app} para {user}. "
        "Continúe solo si es usted y acaba de solicitarlo.",
    },
    "pt": {
        "moment": "Um momento",
        "connecting": "Conectando",
        "lost": "A conexão foi perdida. Feche esta janela e tente novamente.",
        "again": "Feche esta janela e comece de novo.",
        "go_on": "Continuar",
        "may_close": "Você pode fechar esta janela.",
        "failed": "Não funcionou",
        "reference": "Referência {id}",
        "connected": "Conectado",
        "is_connected": "O aplicativo está conectado.",
        "not_connected": "Não conectado",
        "refused": "O aplicativo não foi conectado: o acesso foi negado lá ou ele respondeu com um erro.",
        "ask": "Conectar {app}?",
        "asks": "{shop} pede para conectar uma conta de {app} para {user}. "
        "Continue apenas se for você e se acabou de pedir isso.",
    },
    "ja": {
        "moment": "少々お待ちください",
        "connecting": "接続しています",
        "lost": "接続が切れました。このウィンドウを閉じて、もう一度お試しください。",
        "again": "このウィンドウを閉じて、最初からやり直してください。",
        "go_on": "続ける",
        "may_close": "このウィンドウは閉じてかまいません。",
        "failed": "うまくいきませんでした",
        "reference": "参照番号 {id}",
        "connected": "接続しました",
        "is_connected": "アプリが接続されました。",
        "not_connected": "接続されていません",
        "refused": "アプリは接続されませんでした。アプリ側でアクセスが拒否されたか、エラーが返されました。",
        "ask": "{app} に接続しますか?",
        "asks": "{shop} が {user} の {app} アカウントへの接続を求めています。"
        "ご本人であり、今この操作を求めた場合にのみ続けてください。",
    },
    "ar": {
        "moment": "لحظة من فضلك",
        "connecting": "جارٍ الاتصال",
        "lost": "انقطع الاتصال. أغلق هذه النافذة وحاول مرة أخرى.",
        "again": "أغلق هذه النافذة وابدأ من جديد.",
        "go_on": "متابعة",
        "may_close": "يمكنك إغلاق هذه النافذة.",
        "failed": "لم ينجح ذلك",
        "reference": "المرجع {id}",
        "connected": "متصل",
        "is_connected": "تم ربط التطبيق.",
        "not_connected": "غير متصل",
        "refused": "لم يتم ربط التطبيق: رُفض الوصول هناك، أو أجاب التطبيق بخطأ.",
        "ask": "هل تريد ربط {app}؟",
        "asks": "يطلب {shop} ربط حساب في {app} للمستخدم {user}. تابع فقط إذا كنت أنت من طلب ذلك الآن.",
    },
}
LANGUAGES = frozenset(_WORDS)


@dataclass(frozen=True, slots=True)
class Words:
    """One language. What comes from outside is set apart in it, so that its direction stays its own."""

    language: str = FALLBACK

    @property
    def direction(self) -> str:
        """As HTML's `dir`."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"

    def __call__(self, key: str, **values: str) -> str:
        """Plain text: whoever makes HTML of it escapes it."""
        return _WORDS[self.language][key].format_map({name: self._apart(value) for name, value in values.items()})

    def _apart(self, value: str) -> str:
        plain = _REVERSING.sub("", value)
        stands_out = self.direction == "rtl" or _RIGHT_TO_LEFT_LETTER.search(plain)
        return f"\u2068{plain}\u2069" if stands_out else plain


ENGLISH = Words()


def words_for(event: Mapping[str, Any]) -> Words:
    """As `language_of` has it."""
    return Words(language_of(event))


def language_of(event: Mapping[str, Any]) -> str:
    """The first that we have: the query's `locale`, then the browser's by its preference (RFC 9110, 12.5.4)."""
    query: Mapping[str, str] = event.get("queryStringParameters") or {}
    asked = query.get("locale", "")
    wanted = (each.partition("-")[0].lower() for each in (asked, *_accepted(header(event, "accept-language") or "")))
    return next((each for each in wanted if each in LANGUAGES), FALLBACK)


def _accepted(languages: str) -> Iterator[str]:
    """The most wanted first; as they stand where that is equal."""
    ranges = [each.strip().partition(";") for each in languages.split(",")[:20]]
    for name, _, parameter in sorted(ranges, key=lambda each: -_quality(each[2])):
        if _quality(parameter) > 0:
            yield name.strip()


def _quality(parameter: str) -> float:
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter)
    return float(found[1]) if found else 1.0
