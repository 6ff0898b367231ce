"""The words by which rules tell a name from a noun, a job from a mood, a country from a town."""

from __future__ import annotations


def words(text: str) -> list[str]:
    """Return the words of a list that is written as a text."""
    return text.split()


def phrases(text: str) -> list[str]:
    """Return the phrases of a list that is written with commas."""
    return [" ".join(phrase.split()) for phrase in text.split(",")]


DAYS_AND_MONTHS = frozenset(
    words("""
    monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december spring summer autumn fall winter
""")
)

# Words that begin sentences with a capital and are nobody's name.
NO_NAMES = DAYS_AND_MONTHS | frozenset(
    words("""
    a about absolutely actually after again agreed ah aha all also although always am amazing an
    and another any anybody anyone anything anyway are as at aw awesome aww awww back basically
    be because been before being beautiful best better both breaking but by bye can cannot check
    cheers christmas congrats congratulations cool could dear did do does doing done don't each
    easter either email enjoy especially even ever every everybody everyone everything exactly
    exciting few finally first for former from fun further glad going good goodbye gonna got
    gotta great guess guys haha halloween happy has have having he hello help hence her here hers
    hey hi him his hm hmm home hope hopefully how however i i'd i'll i'm i've if in indeed
    instead into is it it's its just keep kids kind know last later least less let let's like
    likewise look looking looks lol lot love lovely lucky made make many maybe me meanwhile men
    might mine more moreover most much must my nah neither never new news next nice no nobody
    none nope nor not nothing now of off oh ok okay omg on once one only oops or other our ours
    out over ow own people perfect perhaps photo please plus possibly probably ps quite rather re
    read really remember right sad same say see seeing seems several shall she should show since
    so some somebody someone something sometimes somewhere soon sorry sounds still such super
    sure sweet take talk ten than thank thankful thanks that that's the their theirs them then
    there therefore these they thing things think this those though three through thus till time
    to today together tomorrow tonight too totally true try two under unfortunately until up
    update us very wait was way we we're welcome well were what what's when where whether which
    while who whoever whom whose why will wish with within without woah women wonderful would wow
    yay yeah year years yep yes yesterday yet you your yours yourself yup
""")
)

# What stands before a colon without speaking: "Note: I live in Lisbon".
NO_SPEAKERS = frozenset(
    words("""
    answer background context date edit example fact from fyi goal idea important info
    instruction memo memory message note notes p.s. ps preference profile q question quote re
    reminder story subject summary task tip title to todo update user warning me i myself owner
    human
""")
)
MACHINES = frozenset(
    words("""
    ai agent assistant bot chatbot chatgpt claude companion copilot gemini gpt llama model selfd
    siri system tool
""")
)
OWNERS = frozenset({"user", "the user", "the owner", "owner", "me", "i", "myself", "human"})
OWNER = "me"

RELATIVES = words("""
    daughter son child wife husband partner girlfriend boyfriend fiancé fiancée fiance fiancee
    brother sister mother father mom mum dad stepmother stepfather stepson stepdaughter
    grandmother grandfather grandma grandpa granddaughter grandson aunt uncle niece nephew cousin
    roommate flatmate neighbour neighbor boss manager colleague coworker friend doctor dentist
    therapist teacher landlord dog cat puppy kitten horse rabbit hamster parrot goldfish tortoise
    turtle pet
""")
RELATIVE_QUALITIES = words("""
    little big older elder younger oldest eldest youngest twin late best close old new good ex
    only first second third dear beloved baby half step middle
""")
# Who needs no name to be told from others.
ONLY_ONE = words("""
    mother father mom mum dad wife husband sister brother son daughter boss girlfriend boyfriend
    partner
""")
SAME_RELATIVE = {
    "mom": "mother", "mum": "mother", "dad": "father", "grandma": "grandmother",
    "grandpa": "grandfather", "puppy": "dog", "kitten": "cat", "fiance": "fiancé",
    "fiancee": "fiancée", "neighbor": "neighbour", "coworker": "colleague", "flatmate": "roommate",
}  # fmt: skip
# Of these a person has one at a time.
SPOUSES = frozenset({"wife", "husband", "partner", "girlfriend", "boyfriend", "fiancé", "fiancée"})
OLD_PREFIXES = frozenset({"ex", "late", "old", "former"})

STATES = words("""
    vegetarian vegan pescatarian diabetic asthmatic coeliac celiac left-handed right-handed
    ambidextrous colour-blind colourblind color-blind colorblind gluten-free teetotal pregnant
    single married divorced widowed retired unemployed self-employed freelance deaf blind
    dyslexic autistic transgender bisexual gay lesbian nearsighted short-sighted introverted
    extroverted jewish muslim christian catholic buddhist hindu atheist agnostic bilingual
""")
STATE_PHRASES = (
    r"lactose[- ]intolerant|gluten[- ]intolerant|dairy[- ]free|an introvert|an extrovert"
    r"|an only child"
    r"|a vegetarian|a vegan|a pescatarian|an atheist|a diabetic|a night owl|an early bird"
    r"|a morning person"
    r"|a dog person|a cat person|a single (?:mom|mum|mother|dad|father|parent)|a non-?smoker"
    r"|a smoker"
)

JOBS = words("""
    accountant actor actress administrator analyst anaesthetist archaeologist architect artist
    astronaut astronomer baker banker barber barista bartender biologist bookkeeper bookseller
    botanist builder butcher carer caretaker carpenter cashier chef chemist chiropractor cleaner
    clerk coach comedian composer consultant cook counselor counsellor critic curator dancer
    dentist designer detective developer dietitian director diver doctor driver ecologist
    economist editor electrician engineer entrepreneur farmer filmmaker firefighter
    fisherman florist freelancer gardener geologist guide hairdresser handyman historian
    illustrator instructor interpreter investor jeweller joiner journalist judge lawyer lecturer
    librarian linguist locksmith magician maid manager marketer masseur mathematician mechanic
    midwife miner model musician nanny neurologist novelist nurse nutritionist optician painter
    paramedic pathologist pediatrician paediatrician pharmacist photographer physician physicist
    physiotherapist pianist pilot plumber poet policeman policewoman politician porter postman
    potter priest principal producer professor programmer proofreader psychiatrist psychologist
    radiologist realtor receptionist recruiter reporter researcher sailor salesman saleswoman
    scientist sculptor secretary server sheriff singer soldier solicitor statistician stylist
    surgeon surveyor tailor teacher technician therapist trader trainer translator tutor
    undertaker vet veterinarian violinist waiter waitress welder writer youtuber student
    apprentice intern postdoc paralegal barrister blogger podcaster officer mayor senator
""")

LANGUAGES = words("""
    arabic basque bengali bulgarian cantonese catalan croatian czech danish dutch english
    estonian farsi finnish flemish french gaelic german greek gujarati hebrew hindi hungarian
    icelandic indonesian irish italian japanese korean latin latvian lithuanian malay mandarin
    marathi norwegian persian polish portuguese punjabi romanian russian serbian slovak slovenian
    somali spanish swahili swedish tagalog tamil telugu thai turkish ukrainian urdu vietnamese
    welsh yiddish yoruba zulu esperanto chinese
""")

INSTRUMENTS_AND_GAMES = words("""
    piano guitar violin viola cello drums flute clarinet saxophone trumpet trombone harp ukulele
    banjo bass accordion organ keyboard oboe recorder mandolin bagpipes harmonica tennis football
    soccer basketball baseball volleyball hockey rugby cricket golf badminton squash chess poker
    bridge handball lacrosse softball pickleball darts snooker billiards
""")

PETS_AND_CARS = words("""
    dogs? cats? pupp(?:y|ies) kittens? horses? rabbits? hamsters? parrots? snakes? turtles?
    tortoises? fish kids? children sons? daughters? siblings? brothers? sisters? motorbikes?
    motorcycles? bikes? bicycles? boats? cars?
""")

# "My X is Y" where each person has one X at a time.
ATTRIBUTES = (
    "phone number|mobile number|cell number|email|email address|e-mail|address|home address"
    "|birthday"
    "|date of birth|blood type|blood group|shoe size|ring size|passport number|licence plate"
    "|license plate|middle name|surname|last name|maiden name|nickname|zodiac sign|star sign"
    "|native language|mother tongue|first language|postcode|zip code|time zone|timezone|job title"
    "|employee number|frequent flyer number|social security number|locker number|room number"
    "|flat number|hometown|home town|major|alma mater|dress size"
    "|nationality|pronouns|website|github username|twitter handle|username"
)

COUNTRIES = frozenset(
    name.strip()
    for name in phrases("""
    afghanistan, albania, algeria, andorra, angola, argentina, armenia, australia, austria,
    azerbaijan, bahamas, bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bhutan,
    bolivia, bosnia, botswana, brazil, brunei, bulgaria, burundi, cambodia, cameroon, canada,
    chad, chile, china, colombia, congo, costa rica, croatia, cuba, cyprus, czechia,
    czech republic, denmark, dominican republic, ecuador, egypt, el salvador, england, eritrea,
    estonia, ethiopia, fiji, finland, france, gabon, gambia, georgia, germany, ghana, greece,
    guatemala, guinea, guyana, haiti, honduras, hungary, iceland, india, indonesia, iran, iraq,
    ireland, israel, italy, ivory coast, jamaica, japan, jordan, kazakhstan, kenya, kosovo,
    kuwait, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein, lithuania, luxembourg,
    madagascar, malawi, malaysia, maldives, mali, malta, mauritius, mexico, moldova, monaco,
    mongolia, montenegro, morocco, mozambique, myanmar, namibia, nepal, netherlands, new zealand,
    nicaragua, niger, nigeria, north korea, north macedonia, norway, oman, pakistan, palestine,
    panama, paraguay, peru, philippines, poland, portugal, qatar, romania, russia, rwanda,
    saudi arabia, scotland, senegal, serbia, sierra leone, singapore, slovakia, slovenia,
    somalia, south africa, south korea, south sudan, spain, sri lanka, sudan, sweden,
    switzerland, syria, taiwan, tajikistan, tanzania, thailand, togo, tunisia, turkey, uganda,
    uk, ukraine, united arab emirates, united kingdom, united states, uruguay, us, usa,
    uzbekistan, venezuela, vietnam, wales, yemen, zambia, zimbabwe, america
""")
)
