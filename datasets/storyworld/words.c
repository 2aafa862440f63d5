#include "datasets/storyworld/words.h"

#define CHARACTER(name, what, he) \
    { .text = name, .is = what, .pronoun = he }
#define NOUN(singular, many) \
    { .text = singular, .plural = many }
#define ADJECTIVE(word) \
    { .text = word }

// Every fact is true in every story. Its adjective describes nothing else, so "The turtle was" has
// only one continuation. Facts are sorted by place: the classes below are ranges of this table.
#define FACT(noun, many, he, adjective, verb, clause) \
    { .text = noun, .plural = many, .pronoun = he, .is = adjective, .does = verb, .so = clause }
enum { ON_THE_WAY = 0, OUTDOORS = 15, AT_HOME = 21, IN_THE_EVENING = 26, FACTS = 31 };

const Word storyworld_facts[] = {
    FACT("turtle", "turtles", WHO, "slow", "walked by", "it always came home late"),
    FACT("fox", "foxes", WHO, "clever", "looked out of the forest",
         "it always found something to eat"),
    FACT("owl", "owls", WHO, "wise", "looked down from a tree",
         "all the animals asked it for help"),
    FACT("mouse", NULL, WHO, "tiny", "ran under a leaf", "nobody saw it"),
    FACT("horse", "horses", WHO, "fast", "ran by", "nobody could catch it"),
    FACT("lion", "lions", WHO, "loud", "called from far away", "everyone could hear it"),
    FACT("river", NULL, IT, "deep", "ran through the forest", "nobody walked through it"),
    FACT("hill", NULL, IT, "high", "stood behind the village", "it took all morning to climb it"),
    FACT("road", NULL, IT, "long", "went around the forest", "it took all day to walk it"),
    FACT("stone", "stones", IT, "heavy", "lay by the road", "nobody could carry it"),
    FACT("lake", NULL, IT, "big", "lay behind the village", "nobody could see the other side"),
    FACT("farmer", NULL, HE, "busy", "worked with his cows", "he did not stop to talk"),
    FACT("king", NULL, HE, "rich", "came by and waved", "he gave coins to everyone"),
    FACT("doctor", NULL, SHE, "nice", "came by and waved", "everyone liked her"),
    FACT("apple", "apples", IT, "red", "fell from a tree", "everyone saw it at once"),

    FACT("sun", NULL, IT, "bright", "came out", "everyone went out to play"),
    FACT("wind", NULL, IT, "strong", "blew and blew", "the leaves flew away"),
    FACT("sky", NULL, IT, "blue", "looked pretty", "everyone went out to play"),
    FACT("grass", NULL, IT, "green", "looked pretty", "the cows came to eat it"),
    FACT("tree", NULL, IT, "tall", "moved in the wind", "nobody could see the top"),
    FACT("ground", NULL, IT, "hard", "felt like a stone", "nobody liked to sit on it"),

    FACT("mum", NULL, SHE, "proud", "smiled at {hero}", "she gave {hero} a hug"),
    FACT("cake", "cakes", IT, "sweet", "stood on the table", "everyone wanted more"),
    FACT("soup", NULL, IT, "hot", "stood on the table", "everyone had to wait"),
    FACT("grandma", NULL, SHE, "kind", "told {hero} a story", "everyone loved her"),
    FACT("door", NULL, IT, "open", "let the light out", "[he] went right in"),
    FACT("food", NULL, IT, "ready", "smelled good", "everyone sat down to eat"),
    FACT("house", NULL, IT, "warm", "smelled like bread", "[he] felt good at once"),
    FACT("bed", NULL, IT, "soft", "stood by the window", "[he] fell asleep at once"),
    FACT("moon", NULL, IT, "round", "came up over the trees", "it looked like a ball"),
    FACT("night", NULL, IT, "dark", "came", "everyone went to sleep"),
};
const int storyworld_fact_count = FACTS;
_Static_assert(sizeof storyworld_facts / sizeof storyworld_facts[0] == FACTS,
               "the ranges end with the table");

static const Word girls[] = {
    CHARACTER("Lily", "girl", SHE),   CHARACTER("Mia", "girl", SHE),
    CHARACTER("Anna", "girl", SHE),   CHARACTER("Sue", "girl", SHE),
    CHARACTER("Lucy", "girl", SHE),   CHARACTER("Amy", "girl", SHE),
    CHARACTER("Emma", "girl", SHE),   CHARACTER("Jane", "girl", SHE),
    CHARACTER("Bella", "cat", SHE),   CHARACTER("Dot", "dog", SHE),
    CHARACTER("Coco", "rabbit", SHE), CHARACTER("Rosie", "pig", SHE),
};
static const Word boys[] = {
    CHARACTER("Tim", "boy", HE), CHARACTER("Tom", "boy", HE),    CHARACTER("Ben", "boy", HE),
    CHARACTER("Sam", "boy", HE), CHARACTER("Jack", "boy", HE),   CHARACTER("Leo", "boy", HE),
    CHARACTER("Bob", "boy", HE), CHARACTER("Finn", "boy", HE),   CHARACTER("Max", "dog", HE),
    CHARACTER("Pip", "pig", HE), CHARACTER("Teddy", "bear", HE), CHARACTER("Benny", "rabbit", HE),
};
static const Word toys[] = { NOUN("ball", "balls"),   NOUN("doll", "dolls"), NOUN("book", "books"),
                             NOUN("car", "cars"),     NOUN("drum", "drums"), NOUN("bell", "bells"),
                             NOUN("train", "trains"), NOUN("box", "boxes") };
static const Word light_things[] = { NOUN("hat", "hats"), NOUN("kite", "kites"),
                                     NOUN("balloon", "balloons"), NOUN("scarf", "scarfs") };
static const Word floating[] = { NOUN("ball", "balls"), NOUN("boat", "boats"),
                                 NOUN("hat", "hats") };
static const Word fragile[] = { NOUN("cup", "cups"), NOUN("plate", "plates"), NOUN("lamp", "lamps"),
                                NOUN("pot", "pots"), NOUN("clock", "clocks") };
static const Word snacks[] = { NOUN("cookie", "cookies"), NOUN("carrot", "carrots"),
                               NOUN("pear", "pears"),     NOUN("pie", "pies"),
                               NOUN("egg", "eggs"),       NOUN("bun", "buns") };
static const Word ingredients[] = { { .text = "milk" },
                                    { .text = "eggs" },
                                    { .text = "honey" },
                                    { .text = "butter" },
                                    { .text = "nuts" } };
static const Word plants[] = { NOUN("flower", "flowers"), NOUN("carrot", "carrots"),
                               NOUN("pumpkin", "pumpkins") };
static const Word animals[] = { NOUN("bird", "birds"),  NOUN("goat", "goats"),
                                NOUN("hen", "hens"),    NOUN("cow", "cows"),
                                NOUN("sheep", "sheep"), NOUN("monkey", "monkeys"),
                                NOUN("frog", "frogs") };
static const Word herds[] = { NOUN("goat", "goats"), NOUN("hen", "hens"), NOUN("cow", "cows"),
                              NOUN("sheep", "sheep") };
static const Word young[] = { NOUN("puppy", "puppies"), NOUN("kitten", "kittens"),
                              NOUN("lamb", "lambs"), NOUN("chick", "chicks") };
static const Word places[] = { NOUN("park", "parks"),     NOUN("garden", "gardens"),
                               NOUN("farm", "farms"),     NOUN("beach", "beaches"),
                               NOUN("market", "markets"), NOUN("school", "schools"),
                               NOUN("pond", "ponds") };
static const Word limbs[] = { NOUN("leg", "legs"), NOUN("foot", "feet"), NOUN("knee", "knees") };
static const Word skills[] = { { .text = "swim" },
                               { .text = "sing" },
                               { .text = "dance" },
                               { .text = "climb" },
                               { .text = "read" } };
static const Word colours[] = { ADJECTIVE("yellow"), ADJECTIVE("pink"), ADJECTIVE("purple"),
                                ADJECTIVE("brown"), ADJECTIVE("orange") };

#define COUNT(table) (int)(sizeof table / sizeof table[0])
const WordClass storyworld_classes[] = {
    { "girl", girls, COUNT(girls) },
    { "boy", boys, COUNT(boys) },
    { "toy", toys, COUNT(toys) },
    { "light", light_things, COUNT(light_things) },
    { "floating", floating, COUNT(floating) },
    { "fragile", fragile, COUNT(fragile) },
    { "snack", snacks, COUNT(snacks) },
    { "ingredient", ingredients, COUNT(ingredients) },
    { "plant", plants, COUNT(plants) },
    { "animal", animals, COUNT(animals) },
    { "herd", herds, COUNT(herds) },
    { "baby", young, COUNT(young) },
    { "place", places, COUNT(places) },
    { "limb", limbs, COUNT(limbs) },
    { "skill", skills, COUNT(skills) },
    { "colour", colours, COUNT(colours) },
    { "fact", storyworld_facts, FACTS },
    { "sight", storyworld_facts + ON_THE_WAY, OUTDOORS - ON_THE_WAY },
    { "outdoors", storyworld_facts + OUTDOORS, AT_HOME - OUTDOORS },
    { "home", storyworld_facts + AT_HOME, FACTS - 2 - AT_HOME },
    { "evening", storyworld_facts + IN_THE_EVENING, FACTS - IN_THE_EVENING },
    { NULL, NULL, 0 },
};

const Meaning storyworld_meanings[] = {
    { "name", "Lily Mia Anna Sue Lucy Amy Emma Jane Bella Dot Coco Rosie Tim Tom Ben Sam Jack "
              "Leo Bob Finn Max Pip Teddy Benny" },
    { "person", "girl boy mum dad grandma grandpa doctor farmer king mother friend friends" },
    { "animal", "turtle turtles fox foxes owl owls mouse horse horses lion lions cat dog duck "
                "rabbit pig frog bear bird birds goat goats hen hens cow cows sheep monkey "
                "puppy kitten lamb chick animals butterfly" },
    { "place", "river hill road lake house forest village park garden farm beach market school "
               "pond shop" },
    { "object", "ball doll book car drum bell train box hat kite balloon scarf boat cup plate "
                "lamp pot clock stone stones door bed table window stick ladder blanket basket "
                "coins wall cart wood chair bandage seed paper glue present" },
    { "food", "apple apples cake cakes soup food cookie cookies carrot carrots pear pears pie "
              "pies egg eggs bun buns milk honey butter nut nuts bread pumpkin" },
    { "nature", "tree trees grass ground leaf leaves flower water moon night" },
    { "weather", "sun sky wind rain storm cloud" },
    { "body", "leg foot knee head hands eyes" },
    { "colour", "yellow pink purple brown orange red blue green" },
    { "feeling", "happy glad sad scared angry tired sorry worried surprised lonely hungry "
                 "excited" },
    { "quality", "slow clever wise tiny fast loud deep high long heavy big busy rich nice "
                 "bright strong tall hard proud sweet hot kind open ready warm soft round dark" },
    { NULL, NULL },
};
