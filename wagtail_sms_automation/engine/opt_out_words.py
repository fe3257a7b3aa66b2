"""The words and phrases by which people ask for silence, for texts, and for help."""

from types import MappingProxyType
from typing import NamedTuple


class Words(NamedTuple):
    """What a whole message may say, in one country."""

    opt_out: tuple[str, ...]
    opt_in: tuple[str, ...]
    help: tuple[str, ...]
    #: Opts in only who is opted out; an ordinary word for everybody else.
    opt_in_if_opted_out: tuple[str, ...] = ()


DEFAULT = Words(
    opt_out=("STOP", "STOP ALL", "STOPALL", "UNSUBSCRIBE"),
    opt_in=("START", "UNSTOP"),
    help=("HELP",),
)

# US: 47 CFR 64.1200(a)(10) and the words that providers add. CA: the words that short
# codes must know, in both languages. Elsewhere, what is usual beside STOP.
_GERMAN = Words(
    opt_out=("STOP", "STOPP", "ABMELDEN", "ABBESTELLEN"),
    opt_in=("START",),
    help=("HILFE",),
)
WORDS = MappingProxyType(
    {
        "US": Words(
            opt_out=(
                "STOP",
                "STOPALL",
                "STOP ALL",
                "UNSUBSCRIBE",
                "CANCEL",
                "END",
                "QUIT",
                "REVOKE",
                "OPTOUT",
                "OPT OUT",
                "OPT-OUT",
                "REMOVE",
            ),
            opt_in=("START", "UNSTOP"),
            help=("HELP", "INFO"),
            opt_in_if_opted_out=("YES",),
        ),
        "CA": Words(
            opt_out=(
                "STOP",
                "STOPALL",
                "STOP ALL",
                "UNSUBSCRIBE",
                "CANCEL",
                "END",
                "QUIT",
                "ARRET",
                "DESABONNER",
            ),
            opt_in=("START", "UNSTOP"),
            help=("HELP", "INFO", "AIDE"),
        ),
        "GB": Words(
            opt_out=("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE"),
            opt_in=("START",),
            help=("HELP",),
        ),
        "FR": Words(
            opt_out=(
                "STOP",
                "STOP SMS",
                "ARRET",
                "ARRETER",
                "DESABONNER",
                "DESABONNEMENT",
            ),
            opt_in=("START", "REPRENDRE"),
            help=("AIDE", "INFO"),
        ),
        "BE": Words(
            opt_out=("STOP", "ARRET", "STOPPEN", "AFMELDEN"),
            opt_in=("START",),
            help=("AIDE", "HULP"),
        ),
        "NL": Words(
            opt_out=("STOP", "STOPPEN", "AFMELDEN", "UIT"),
            opt_in=("START", "OPNIEUW"),
            help=("HULP", "HELP"),
        ),
        "DE": _GERMAN,
        "AT": _GERMAN,
        "ES": Words(
            opt_out=("STOP", "BAJA", "ALTO"),
            opt_in=("START", "ALTA"),
            help=("AYUDA",),
        ),
        "IT": Words(
            opt_out=("STOP", "CANCELLA"),
            opt_in=("START",),
            help=("AIUTO",),
        ),
    }
)

# AWS takes TD for an opt-out before it reaches anybody else.
TAKEN_BY_PROVIDERS = MappingProxyType({"US": frozenset({"TD"})})

# A STOP word with nothing but these is a wish to stop, whatever the country's rules say
# of "STOP PLEASE".
COURTESIES = (
    "please|pls|plz|just|now|thanks|thank you|thx|ok|hi|hello",
    "svp|stp|s'il vous plaît|s'il te plaît|merci|bonjour",
    "aub|a.u.b.|alstublieft|alsjeblieft|bedankt|dank u|graag|bitte|danke|hallo",
    "por favor|gracias|hola|per favore|per piacere|grazie|ciao|obrigado|obrigada",
    "sent from my iphone|envoyé de mon iphone|verzonden vanaf mijn iphone",
    "von meinem iphone gesendet|enviado desde mi iphone|inviato da iphone",
)

# Slips and other ways to say STOP as a whole message, in any country.
ALSO_STOP = (
    "stpo|sotp|tsop|sstop|sttop|stoop|stopp|stopppp|stp all|stop it|stop this",
    "stop pub|unsubcribe|unsubscibe|unsuscribe|unsubsribe|arrête|arrêtez|désaboner",
)

# What is never said of anything but texts, in any country; case, accents and
# punctuation do not matter. A phrase counts anywhere in a message, so none may occur in
# an order ("don't send me onions"), an address or a question about opening hours.
# Columns of alternatives: each combination is a phrase.
PHRASES = (
    # English
    "stop|quit + texting|messaging|contacting|spamming|bothering",
    "stop|quit + sending + me|us|texts|messages|sms|these|this|ads|spam",
    "stop + texts|messages|sms|spam",
    "stop + these|the|your|all|all the|with the + texts|messages|sms|ads",
    "take|get + me|my number|us + off",
    "remove|delete + me|my number|my phone",
    "lose my number",
    "unsubscribe + me|us|from",
    "want to|like to|how do i|how to|how can i + unsubscribe|opt out",
    "opt me out",
    "don't|dont|do not|never + text|message|contact|sms + me|us",
    "don't|dont|do not|never + send + me|us + any more|anymore|anything|texts"
    "|messages|sms|these|ads",
    "no more|no further + texts|text|messages|sms|ads|spam",
    "don't|dont|do not + want|want to receive|wish to receive"
    " + these|your|any|any more|more + texts|text|messages|sms|ads",
    "don't|dont|do not + want|wish + to be + texted|contacted|messaged",
    "leave me alone",
    "revoke|withdraw + my consent",
    # French
    "retirez|retire|enlevez|enlève|supprimez|supprime|effacez + moi + de"
    " + votre|vos|la|cette + liste|listes|base|fichier",
    "retirez|retire|retirer|enlevez|enlève|enlever|supprimez|supprime|supprimer"
    "|effacez|efface|effacer + mon numéro",
    "désabonnez|désabonne|désinscrivez|désinscris + moi",
    "me + désabonner|désinscrire",
    "désinscription",
    "ne m'envoyez|ne m'envoie|n'envoyez|ne m'écrivez|ne m'écris|ne me contactez"
    "|ne me contacte + plus",
    "m'envoyez|m'envoyer|m'envoie|envoyez|envoyer + plus"
    " + de sms|de messages|de textos|de pub|rien",
    "ne plus + m'envoyer|me contacter|m'écrire|être contacté|être contactée|recevoir",
    "arrêtez|arrêter|arrête|cessez|cesser + de m'envoyer|d'envoyer|de m'écrire"
    "|de me contacter|de me spammer",
    "arrêtez|arrêter|arrête|stop + vos|ces|les|tous les|aux|avec vos|avec les"
    " + sms|messages|textos|pubs|publicités",
    "plus recevoir + de|vos|ces|aucun + sms|messages|message|textos|pubs|publicités"
    "|offres",
    "veux plus|souhaite plus|désire plus + recevoir|de sms|de messages|de textos"
    "|de pub|vos sms|vos messages",
    "plus de + sms|textos|pub|pubs|publicité|publicités",
    "plus de messages + svp|merci",
    "stop + à la pub|aux pubs",
    "laissez moi|laisse moi + tranquille",
    "retire mon consentement",
    # Dutch
    "geen + berichten|berichtjes|sms|smsjes|sms'jes|sms'en|reclame + meer",
    "geen reclame",
    "stop met + sturen|sms'en|smsen|berichten|deze berichten|die berichten|spammen",
    "stop + deze|die|alle + berichten|sms'jes|smsjes|reclame",
    "stuur|stuurt + me|mij + geen + berichten|berichtjes|sms|smsjes|sms'jes|reclame",
    "niet meer + sms'en|smsen|benaderen|contacteren|berichten",
    "haal|haalt|verwijder|schrijf + me|mij + van|uit",
    "verwijder mijn nummer",
    "me|mij + uitschrijven|afmelden voor sms|afmelden voor berichten",
    "wil geen + berichten|berichtjes|sms|smsjes|sms'jes",
    "laat + me|mij + met rust",
    # German
    "keine|keine weiteren + sms|nachrichten|nachricht|mitteilungen|texte + mehr",
    "keine weiteren + sms|nachrichten|mitteilungen",
    "keine werbung",
    "bitte aufhören",
    "hören sie|hört|hör + auf",
    "nicht mehr + schreiben|anschreiben|kontaktieren|anschreiben bitte",
    "nichts|keine sms|keine nachrichten + mehr + schicken|senden|schreiben",
    "schreiben|schicken|senden + sie mir + keine sms|keine nachrichten|nichts mehr"
    "|nicht mehr",
    "nehmen sie mich|nehmt mich|streichen sie mich|streicht mich + aus|von",
    "löschen sie|löscht|lösch|bitte + meine nummer + löschen|bitte",
    "löschen sie|löscht|lösch + meine nummer",
    "lassen sie|lasst|lass + mich in ruhe",
    # Spanish
    "no me + envíen|envíe|envíes|manden|mande|mandes|escriban|escriba|escribas"
    "|contacten|contacte + más",
    "no me + envíen|envíe|envíes|manden|mande|mandes + mensajes|sms|publicidad",
    "no + envíen|manden + más + mensajes|sms|publicidad",
    "no quiero|no deseo|ya no quiero|no quiero recibir|no deseo recibir"
    " + mensajes|sms|publicidad|más mensajes|más sms|más publicidad|sus mensajes",
    "no más|basta de + mensajes|sms|publicidad",
    "dejen|deje|deja|paren + de + enviar|enviarme|mandar|mandarme|escribirme",
    "darme|denme|dame|deme + de baja",
    "bórrenme|bórrame|quítenme|quítame|sáquenme|sácame + de + la|su|esta + lista",
    "eliminen|borren + mi número",
    "déjenme en paz",
    # Italian
    "non voglio|non voglio più|non desidero|non voglio ricevere|non voglio più ricevere"
    "|non desidero ricevere|non desidero più ricevere"
    " + messaggi|più messaggi|sms|più sms|pubblicità|offerte|i vostri messaggi",
    "non + mandatemi|inviatemi|scrivetemi|contattatemi|mi mandate|mi inviate"
    "|mi scrivete|mi contattate + più",
    "non + mandatemi|inviatemi + messaggi|sms|pubblicità",
    "basta|niente|niente più|basta con i + messaggi|sms|pubblicità",
    "smettete|smettetela|smettila + di + mandare|mandarmi|inviare|inviarmi|scrivermi",
    "cancellatemi|cancellami|toglietemi|toglimi|rimuovetemi|rimuovimi"
    " + dalla|da questa|dalla vostra + lista",
    "disiscrivetemi|disiscrivermi",
    "lasciatemi in pace",
    # Portuguese
    "não me + envie|enviem|envies|mande|mandem + mais|mensagens|sms",
    "não + envie|enviem|mande|mandem + mais + mensagens|sms",
    "não quero|não quero mais|não quero receber|não quero mais receber"
    " + mensagens|sms|publicidade",
    "chega de mensagens",
    "pare|parem + de + enviar|mandar|me enviar|me mandar",
    "remova|removam|remover|remover o + meu número",
    "me tire da lista",
    "sair da lista",
    "cancelar + subscrição|inscrição",
    "me deixem|deixem me + em paz",
)
